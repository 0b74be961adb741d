import { withStudio, type CommandContext } from '../context.ts';
import { describeBackbone } from '../describe/backbone.ts';
import { describeOffer } from '../describe/sources.ts';
import { progressView } from '../output/progress.ts';

/** `--json`: `{"backbone", "offer", "hosts"}`: the backbone as stored, what was got, who was asked. */
export async function run(context: CommandContext, name: string): Promise<void> {
  const { console } = context;
  const view = progressView(console);
  const hosts: string[] = [];
  const got = await withStudio(context, async (studio, signal) => {
    try {
      let offered: Parameters<typeof describeOffer>[0] | null = null;
      const backbone = await studio.sources.get(name, {
        signal,
        onProgress: view.host,
        onHost(host) {
          hosts.push(host);
          console.note(`Asking ${host}`);
        },
        onOffer(offer) {
          offered = offer;
          for (const line of describeOffer(offer)) console.note(line);
        },
      });
      return { backbone, offer: offered, hosts };
    } finally {
      view.stop();
    }
  });
  console.answer(got, () => [
    `The backbone ${console.bold(got.backbone.name)} is in the library.`,
    ...describeBackbone(got.backbone, console),
  ]);
}
