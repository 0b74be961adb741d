/** Most bytes of a picture that is sent to the studio, by a window or by another program. */
export const LARGEST_PICTURE = 40_000_000;
