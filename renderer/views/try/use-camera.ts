import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue';

export interface Camera {
  /** What it sees; null while it is off. */
  readonly stream: Readonly<ShallowRef<MediaStream | null>>;
  /** Why it could not be had, in the browser's words; null when it could, or was not asked for. */
  readonly refused: Readonly<Ref<string | null>>;
  start(): Promise<void>;
  stop(): void;
}

/** The camera: on when it is asked for, off when the view is left. */
export function useCamera(): Camera {
  const stream = shallowRef<MediaStream | null>(null);
  const refused = ref<string | null>(null);
  /** Counts requests: one that is answered after the view was left is ended at once. */
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
      // It may be pulled out.
      for (const track of given.getTracks()) track.addEventListener('ended', stop);
      stream.value = given;
    } catch (thrown) {
      // No camera, in use, not allowed: the way out is the same.
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

/** The frame that a video shows at this moment, as a picture file. */
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
