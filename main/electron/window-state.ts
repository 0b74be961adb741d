import * as v from 'valibot';

/** The window's size and position, kept between starts. */
const whole = v.pipe(v.number(), v.integer());
const length = v.pipe(whole, v.minValue(1), v.maxValue(32_767));

export const windowStateSchema = v.object({
  /** Upper left corner in device-independent pixels; null for the platform's choice. */
  place: v.nullable(v.object({ x: whole, y: whole })),
  width: length,
  height: length,
  maximised: v.boolean(),
});
export type WindowState = v.InferOutput<typeof windowStateSchema>;

export const SMALLEST = { width: 960, height: 640 };
export const FIRST_STATE: WindowState = {
  place: null,
  width: 1280,
  height: 800,
  maximised: false,
};

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Visible part of the title bar needed to drag the window back. */
const GRIP = { width: 120, height: 24 };

/**
 * Fits the state to the current displays: a window outside all of them (one was unplugged) gets the
 * platform's position; one larger than every display shrinks.
 * @param areas usable areas of the displays
 */
export function fitToDisplays(state: WindowState, areas: readonly Rectangle[]): WindowState {
  const widest = Math.max(...areas.map((area) => area.width), SMALLEST.width);
  const highest = Math.max(...areas.map((area) => area.height), SMALLEST.height);
  const width = clamp(state.width, SMALLEST.width, widest);
  const height = clamp(state.height, SMALLEST.height, highest);
  const { place } = state;
  const reachable =
    place !== null &&
    areas.some((area) => {
      const shown = Math.min(place.x + width, area.x + area.width) - Math.max(place.x, area.x);
      const below = area.y + area.height - place.y;
      return shown >= GRIP.width && below >= GRIP.height && place.y >= area.y - GRIP.height / 2;
    });
  return { ...state, width, height, place: reachable ? place : null };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
