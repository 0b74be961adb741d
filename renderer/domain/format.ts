import { locale, t } from '../i18n.ts';

/**
 * Number formatting in the current language. Functions are reactive: in a template they follow a
 * change of language.
 */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
const COUNT_UNITS = ['', 'k', 'M', 'G'];
/** Placeholder for a missing value. */
export const NO_VALUE = '–';

/** A long text shortened in the middle, as both ends of a path are informative. */
export function clipMiddle(text: string, most: number): string {
  const letters = Array.from(text);
  if (letters.length <= most) return text;
  const head = Math.floor((most - 1) / 2);
  return `${letters.slice(0, head).join('')}…${letters.slice(letters.length - (most - 1 - head)).join('')}`;
}

const formats = new Map<string, Intl.NumberFormat>();

function written(value: number, options: Intl.NumberFormatOptions): string {
  const key = `${locale.value} ${JSON.stringify(options)}`;
  const format = formats.get(key) ?? new Intl.NumberFormat(locale.value, options);
  formats.set(key, format);
  return format.format(value);
}

/** With a fixed number of decimals. */
export function formatFixed(value: number, digits: number): string {
  return written(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** 12,480 */
export function formatCount(value: number): string {
  return written(value, { maximumFractionDigits: 0 });
}

/** 0.914 as 91.4 %. Values below 1 are never shown as 100 %. */
export function formatPercent(fraction: number | null, digits = 1): string {
  if (fraction === null) return NO_VALUE;
  const step = 10 ** -digits;
  const percent = fraction * 100;
  const shown = fraction < 1 && percent > 100 - step / 2 ? 100 - step : percent;
  return t('units.percent', { value: formatFixed(shown, digits) });
}

/** 0.412; small values keep two significant digits. */
export function formatLoss(value: number | null): string {
  if (value === null) return NO_VALUE;
  if (value !== 0 && Math.abs(value) < 0.01) return formatSignificant(value, 2);
  return formatFixed(value, 3);
}

/** With a number of significant digits; very small values as 2.5e-7. */
export function formatSignificant(value: number, digits = 3): string {
  if (value !== 0 && Math.abs(value) < 1e-4) {
    const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e');
    return `${String(Number(mantissa))}e${exponent}`;
  }
  return written(value, { maximumSignificantDigits: digits });
}

/** Three significant digits and a unit: 1.20 M, 302 k, 930. */
export function formatParameters(value: number): string {
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < COUNT_UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  if (unit === 0) return formatCount(value);
  const digits = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${formatFixed(scaled, digits)} ${COUNT_UNITS[unit] ?? ''}`;
}

/** 4.8 MB, 139 MB, 23.4 GB; thousands, as file managers count. */
export function formatBytes(value: number): string {
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const digits = unit === 0 ? 0 : scaled < 9.95 || (unit >= 3 && scaled < 99.95) ? 1 : 0;
  return `${formatFixed(scaled, digits)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** 45 s, 3 min 20 s, 2 h 5 min, 3 d 4 h */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return NO_VALUE;
  if (seconds < 1) return t('units.milliseconds', { value: formatCount(seconds * 1000) });
  if (seconds < 10 && seconds % 1 !== 0) {
    return t('units.seconds', { value: formatFixed(seconds, 1) });
  }
  const whole = Math.round(seconds);
  if (whole < MINUTE) return t('units.seconds', { value: whole });
  if (whole < HOUR) {
    const minutes = Math.floor(whole / MINUTE);
    const rest = whole % MINUTE;
    return rest === 0
      ? t('units.minutes', { minutes })
      : t('units.minutesSeconds', { minutes, seconds: rest });
  }
  if (whole < DAY) {
    const minutesInAll = Math.round(whole / MINUTE);
    const hours = Math.floor(minutesInAll / 60);
    const minutes = minutesInAll % 60;
    return minutes === 0
      ? t('units.hours', { hours })
      : t('units.hoursMinutes', { hours, minutes });
  }
  const hoursInAll = Math.round(whole / HOUR);
  const days = Math.floor(hoursInAll / 24);
  const hours = hoursInAll % 24;
  return hours === 0 ? t('units.days', { days }) : t('units.daysHours', { days, hours });
}

/** 3 min 20 s left. Coarser for longer times, so that it does not flicker. */
export function formatTimeLeft(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '';
  const grain = seconds < 30 ? 1 : seconds < 10 * MINUTE ? 5 : seconds < HOUR ? 30 : 60;
  const coarse = Math.max(grain, Math.round(seconds / grain) * grain);
  return t('units.left', { duration: formatDuration(coarse) });
}

/** 12.3 images/s */
export function formatImagesPerSecond(value: number | null): string {
  if (value === null) return NO_VALUE;
  const shown = value >= 99.95 ? formatCount(value) : formatFixed(value, 1);
  return t('units.imagesPerSecond', { value: shown });
}

/** 22 Nov 2026, 14:05 */
export function formatDateTime(iso: string): string {
  const options = {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  } as const;
  return new Intl.DateTimeFormat(dateLocale(), options).format(new Date(iso));
}

/** 22 Nov 2026 */
function formatDate(iso: string): string {
  const options = { year: 'numeric', month: 'short', day: 'numeric' } as const;
  return new Intl.DateTimeFormat(dateLocale(), options).format(new Date(iso));
}

/** 14:05:09, for logs */
export function formatTime(iso: string): string {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  return new Intl.DateTimeFormat(dateLocale(), options).format(new Date(iso));
}

/** 3 hours ago, yesterday; a date after a week. */
export function formatAgo(iso: string, now: number = Date.now()): string {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
  const age = Math.abs(seconds);
  if (age >= 7 * DAY) return formatDate(iso);
  const relative = new Intl.RelativeTimeFormat(dateLocale(), { numeric: 'auto' });
  if (age < 45) return relative.format(0, 'second');
  if (age < 45 * MINUTE) return relative.format(Math.round(seconds / MINUTE), 'minute');
  if (age < 22 * HOUR) return relative.format(Math.round(seconds / HOUR), 'hour');
  return relative.format(Math.round(seconds / DAY), 'day');
}

/** English with days before months and hours to 24, as the studio writes. */
function dateLocale(): string {
  return locale.value === 'en' ? 'en-GB' : locale.value;
}
