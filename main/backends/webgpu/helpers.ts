/** Functions that WGSL lacks, or that it has with too large an error. */
export const HELPERS = {
  // Rational approximation in x on [-4, 4], error below 4e-7 of erf, as in Eigen and XLA.
  erf: `fn erf_of(given: f32) -> f32 {
let x = clamp(given, -4f, 4f);
let s = x * x;
let p = ((((((-2.72614225801306e-10f * s + 2.77068142495902e-08f) * s - 2.10102402082508e-06f) * s
- 5.69250639462346e-05f) * s - 7.34990630326855e-04f) * s - 2.95459980854025e-03f) * s
- 1.60960333262415e-02f);
let q = (((-1.45660718464996e-05f * s - 2.13374055278905e-04f) * s - 1.68282697438203e-03f) * s
- 7.37332916720468e-03f) * s - 1.42647390514189e-02f;
return x * p / q;
}`,
  gelu: `fn gelu_of(x: f32) -> f32 {
return x * 0.5f * (1f + erf_of(x * 0.7071067811865476f));
}`,
  geluGradient: `fn gelu_gradient_of(x: f32, dy: f32) -> f32 {
let below = 0.5f * (1f + erf_of(x * 0.7071067811865476f));
return dy * (below + x * 0.3989422804014327f * exp(-0.5f * x * x));
}`,
} as const;

export type Helper = keyof typeof HELPERS;
