/** Numbers as people read them. Plain spaces and a decimal point, so that output greps the same everywhere. */

/** A fraction 0..1 as per cent with one decimal: 0.9137 → "91.4 %". */
export function formatPercent(fraction: number): string {
  return Number.isFinite(fraction) ? `${(fraction * 100).toFixed(1)} %` : '–';
}

/** Three significant digits: 0.412, 12.3, 1.20e-7; whole thousands are not abbreviated. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replace('e+', 'e');
  if (size >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}

/** A whole number with thousands separators: 1797 → "1,797". */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number of parameters in three digits: 1204224 → "1.20 M", 48010 → "48.0 k", 650 → "650". */
export function formatParameters(value: number): string {
  return scaled(value, 1000, ['', ' k', ' M', ' G'], 3);
}

/** A size in decimal units with two significant digits or more: 4823449 → "4.8 MB". */
export function formatBytes(bytes: number): string {
  return scaled(bytes, 1000, [' B', ' kB', ' MB', ' GB', ' TB'], 2);
}

/** A span of time: "0.8 s", "42 s", "3 min 20 s", "2 h 05 min", "3 d 04 h". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(whole % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${twoDigits(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

/** A moment in local time: "2026-11-22 10:04". Takes an ISO string or milliseconds since 1970. */
export function formatMoment(moment: string | number): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return '–';
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())];
  return `${day.join('-')} ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

/** Epochs done, of which the last may be a part: 2 → "2", 2.3778 → "2.4". */
export function formatEpochs(epochs: number): string {
  return Number.isInteger(epochs) ? `${epochs}` : epochs.toFixed(1);
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, '0');
}

function scaled(value: number, base: number, units: readonly string[], digits: number): string {
  if (!Number.isFinite(value)) return '–';
  let index = 0;
  let rest = value;
  // Rounding may carry into the next unit (999,999 is "1.00 M"), so the rounded number decides.
  while (index < units.length - 1 && Number(rest.toPrecision(3)) >= base) {
    rest /= base;
    index++;
  }
  if (index === 0) return `${Math.round(rest)}${units[0]}`;
  const decimals = Math.max(0, digits - Math.max(1, Math.floor(Math.log10(rest)) + 1));
  return `${rest.toFixed(decimals)}${units[index]}`;
}
