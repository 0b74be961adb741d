import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue';

export interface Camera {
  /** Its stream; null while it is off. */
  readonly stream: Readonly<ShallowRef<MediaStream | null>>;
  /** Why it is unavailable, in the browser's words; null otherwise. */
  readonly refused: Readonly<Ref<string | null>>;
  start(): Promise<void>;
  stop(): void;
}

/** The camera: on by request, off when the view is left. */
export function useCamera(): Camera {
  const stream = shallowRef<MediaStream | null>(null);
  const refused = ref<string | null>(null);
  /** Request counter: a stream that arrives after the view was left is stopped. */
  let turn = 0;

  async function start(): Promise<void> {
    const mine = ++turn;
    refused.value = null;
    try {
      const given = await navigator.mediaDevices.getUserMedia({ video: true });
      if (mine !== turn) {
        end(given);
        return;
      }
      // It may be unplugged.
      for (const track of given.getTracks()) track.addEventListener('ended', stop);
      stream.value = given;
    } catch (thrown) {
      // Missing, in use, or not permitted: the remedy is the same.
      if (mine === turn) refused.value = thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  function stop(): void {
    turn += 1;
    if (stream.value !== null) end(stream.value);
    stream.value = null;
  }

  onScopeDispose(stop);
  return { stream, refused, start, stop };
}

function end(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** The current frame of a video as an image file. */
export function photographOf(video: HTMLVideoElement, name: string): Promise<File> {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('The camera gave no picture.'));
      else resolve(new File([blob], name, { type: blob.type }));
    }, 'image/png');
  });
}
