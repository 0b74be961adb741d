import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue';

export interface Camera {
  /** Its stream; null while it is off. */
  readonly stream: Readonly<ShallowRef<MediaStream | null>>;
  /** Why it is unavailable; null otherwise. */
  readonly refused: Readonly<Ref<CameraRefusal | null>>;
  start(): Promise<void>;
  stop(): void;
}

export interface CameraRefusal {
  /** Whether there is none: otherwise it may be in use or not permitted. */
  readonly absent: boolean;
  /** In the browser's words. */
  readonly words: string;
}

/** The camera: on by request, off when the view is left. */
export function useCamera(): Camera {
  const stream = shallowRef<MediaStream | null>(null);
  const refused = ref<CameraRefusal | null>(null);
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
      if (mine !== turn) return;
      const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
      refused.value = { absent: name === 'NotFoundError', words: message };
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
