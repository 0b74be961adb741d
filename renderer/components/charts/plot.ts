import uPlot from 'uplot';
import {
  extent,
  tickTexts,
  valueRange,
  type Along,
  type ChartSeries,
  type Measure,
} from './chart.ts';
import { decimate } from './decimate.ts';
import { smooth } from './smooth.ts';

/** Content of a plot; replaced on every change. */
export interface PlotContent {
  readonly series: readonly ChartSeries[];
  readonly measure: Measure;
  readonly along: Along;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Points averaged by the smoothed line; 0 for none. */
  readonly smoothing: number;
  /** Minimum end of the x axis: the planned length of a run. */
  readonly xEnd: number;
}

export interface PlotListener {
  /** The pointer's position on the x axis; null when it has left. */
  pointed(x: number | null): void;
  /** A range was selected with the pointer. */
  stretched(from: number, to: number): void;
  drawn(): void;
}

interface Colours {
  readonly axis: string;
  readonly grid: string;
  readonly surface: string;
  readonly series: readonly string[];
  readonly font: string;
}

const DASHES = { solid: [], dashed: [7, 4], dotted: [2, 3] } as const;
const FAINT = '59';
const AXIS_FONT_PX = 12;
/** Margin for the ring around a point. */
const POINT_ROOM_PX = 10;

function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    axis: token('--chart-axis'),
    grid: token('--chart-grid'),
    surface: token('--surface'),
    series: Array.from({ length: 10 }, (_, i) => token(`--series-${i + 1}`)),
    font: `${AXIS_FONT_PX}px ${token('--font')}`,
  };
}

/**
 * One chart on a canvas. Draws a bounded number of points per pixel, so that a hundred thousand
 * stay fluid; colours and font are those of its element at the time of `setStyle`.
 */
export class Plot {
  readonly #parent: HTMLElement;
  readonly #listener: PlotListener;
  #content: PlotContent;
  #colours: Colours;
  #chart: uPlot;
  #view: { readonly from: number; readonly to: number } | null = null;
  readonly #smoothed = new WeakMap<
    ArrayLike<number>,
    { readonly span: number; readonly line: Float64Array }
  >();
  /** The parts of the content that uPlot takes only at construction. */
  #shape = '';
  /** Position marked by `point`, until the pointer moves; null for none. */
  #marked: number | null = null;
  /** The last handled pointer event. */
  #pointer: MouseEvent | undefined;

  constructor(parent: HTMLElement, content: PlotContent, listener: PlotListener) {
    this.#parent = parent;
    this.#listener = listener;
    this.#content = content;
    this.#colours = coloursOf(parent);
    this.#chart = this.#build();
  }

  /** The plotting area, in CSS pixels from the parent's corner. */
  get area(): { left: number; top: number; width: number; height: number } {
    const { over } = this.#chart;
    return {
      left: over.offsetLeft,
      top: over.offsetTop,
      width: over.offsetWidth,
      height: over.offsetHeight,
    };
  }

  get canvas(): HTMLCanvasElement {
    return this.#chart.ctx.canvas;
  }

  get surface(): string {
    return this.#colours.surface;
  }

  /** CSS pixels from the left and the top of the plotting area. */
  position(x: number, y: number): { left: number; top: number } {
    return { left: this.#chart.valToPos(x, 'x'), top: this.#chart.valToPos(y, 'y') };
  }

  /** Moves the marker line and keeps it there when the content changes; null removes it. */
  point(x: number | null): void {
    this.#marked = x;
    this.#mark(this.#chart);
  }

  show(content: PlotContent): void {
    this.#content = content;
    if (this.#shapeOf(content) === this.#shape) this.#redraw();
    else this.#rebuild();
  }

  /** Zooms to a range of the x axis; null shows all. */
  zoom(view: { readonly from: number; readonly to: number } | null): void {
    this.#view = view;
    this.#redraw();
  }

  resize(width: number, height: number): void {
    this.#chart.setSize({ width, height });
    this.#redraw();
  }

  /** Re-reads colours and font after a change of theme. */
  setStyle(): void {
    this.#colours = coloursOf(this.#parent);
    this.#rebuild();
  }

  destroy(): void {
    this.#chart.destroy();
  }

  #shapeOf(content: PlotContent): string {
    const { series, measure, along, xLabel, yLabel, smoothing } = content;
    const lines = series.map((s) => [s.key, s.colour, s.stroke, s.dots]);
    return JSON.stringify([lines, measure, along, xLabel, yLabel, smoothing > 0]);
  }

  #rebuild(): void {
    this.#chart.destroy();
    this.#chart = this.#build();
  }

  #redraw(): void {
    this.#chart.setData(this.#data());
  }

  /** The visible range of the x axis. */
  #range(): [number, number] {
    if (this.#view !== null) return [this.#view.from, this.#view.to];
    const all = extent(this.#content.series);
    const end = Math.max(all?.to ?? 0, this.#content.xEnd);
    return [0, end > 0 ? end : 1];
  }

  #data(): uPlot.AlignedData {
    const { series, smoothing } = this.#content;
    const [from, to] = this.#range();
    const pixels = Math.max(1, Math.round(this.#parent.clientWidth * uPlot.pxRatio));
    const tables = series.flatMap(({ x, y, dots }) => {
      const points = decimate(x, y, from, to, pixels);
      const raw: uPlot.AlignedData = [points.x, points.y];
      if (smoothing === 0) return [raw];
      // Series with few points are not smoothed; their second line is empty.
      const line =
        dots === true ? { x: [], y: [] } : decimate(x, this.#smooth(y), from, to, pixels);
      return [raw, [line.x, line.y] as uPlot.AlignedData];
    });
    return tables.length === 0 ? [[]] : uPlot.join(tables);
  }

  /** The smoothed values, independent of the zoom. */
  #smooth(values: ArrayLike<number>): Float64Array {
    const { smoothing } = this.#content;
    const known = this.#smoothed.get(values);
    if (known?.span === smoothing) return known.line;
    const line = smooth(values, smoothing);
    this.#smoothed.set(values, { span: smoothing, line });
    return line;
  }

  #mark(chart: uPlot): void {
    const x = this.#marked;
    const left = x === null ? -10 : chart.valToPos(x, 'x');
    chart.setCursor({ left, top: x === null ? -10 : 0 }, false);
  }

  /**
   * uPlot reports every redraw as a pointer event at the same pixel, even without a pointer when
   * the marker was set to a value. Keep the value then: after a change of the axis the pixel means
   * another value.
   */
  #moved(chart: uPlot): void {
    const { left, event } = chart.cursor;
    // Initially null, despite its type.
    if (event && event !== this.#pointer) {
      this.#pointer = event;
      this.#marked = null;
    }
    if (this.#marked !== null) {
      this.#mark(chart);
      return;
    }
    const outside = left === undefined || left < 0;
    this.#listener.pointed(outside ? null : chart.posToVal(left, 'x'));
  }

  #build(): uPlot {
    const { series, measure, xLabel, yLabel, smoothing } = this.#content;
    const colours = this.#colours;
    this.#shape = this.#shapeOf(this.#content);
    const axis = {
      stroke: colours.axis,
      font: colours.font,
      labelFont: colours.font,
      labelSize: 20,
      grid: { stroke: colours.grid, width: 1 },
      ticks: { show: false },
    };
    return new uPlot(
      {
        width: Math.max(1, this.#parent.clientWidth),
        height: Math.max(1, this.#parent.clientHeight),
        padding: [8, 12, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: true, y: false, setScale: false },
        },
        scales: {
          x: { time: false, range: () => this.#range() },
          y: {
            range: (_, low, high) =>
              (low as number | null) === null ? [0, 1] : valueRange(measure, low, high),
          },
        },
        axes: [
          { ...axis, label: xLabel, size: 30, gap: 6, space: 64 },
          {
            ...axis,
            label: yLabel,
            size: 56,
            gap: 6,
            space: 32,
            values: (_, ticks) => tickTexts(measure, ticks),
          },
        ],
        series: [
          {},
          ...series.flatMap((one) => {
            const colour = colours.series[(one.colour - 1) % colours.series.length]!;
            const raw = this.#line(
              one,
              smoothing > 0 && one.dots !== true ? colour + FAINT : colour,
            );
            return smoothing > 0 ? [raw, this.#line(one, colour, true)] : [raw];
          }),
        ],
        hooks: {
          setCursor: [(chart) => this.#moved(chart)],
          setSelect: [
            (chart) => {
              const { left, width } = chart.select;
              if (width < 4) return;
              const from = chart.posToVal(left, 'x');
              const to = chart.posToVal(left + width, 'x');
              chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              this.#listener.stretched(from, to);
            },
          ],
          draw: [
            (chart) => {
              // A marker outside the previous range may be visible again.
              if (this.#marked !== null) this.#mark(chart);
              this.#markBest(chart);
              this.#listener.drawn();
            },
          ],
        },
      },
      this.#data(),
      this.#parent,
    );
  }

  #line(series: ChartSeries, colour: string, smooth = false): uPlot.Series {
    return {
      stroke: colour,
      width: series.dots === true || smooth ? 2 : 1,
      dash: [...DASHES[series.stroke ?? 'solid']],
      spanGaps: true,
      points: {
        show: (chart, line, from, to) => series.dots === true && hasRoom(chart, line, from, to),
        size: 5,
        width: 1.5,
        fill: this.#colours.surface,
      },
    };
  }

  /** A ring around the best point and a line down to the axis. */
  #markBest(chart: uPlot): void {
    const { ctx, bbox } = chart;
    for (const series of this.#content.series) {
      const { best = -1 } = series;
      if (best < 0 || best >= series.x.length) continue;
      const left = chart.valToPos(series.x[best]!, 'x', true);
      const top = chart.valToPos(series.y[best]!, 'y', true);
      if (left < bbox.left || left > bbox.left + bbox.width) continue;
      const colour = this.#colours.series[(series.colour - 1) % this.#colours.series.length]!;
      ctx.save();
      ctx.strokeStyle = colour;
      ctx.lineWidth = uPlot.pxRatio;
      ctx.setLineDash([3 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
      ctx.beginPath();
      ctx.moveTo(left, top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.lineWidth = 2 * uPlot.pxRatio;
      ctx.fillStyle = this.#colours.surface;
      ctx.beginPath();
      ctx.arc(left, top, 5 * uPlot.pxRatio, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
      ctx.restore();
    }
  }
}

/** Whether the points of a line are far enough apart to be drawn individually. */
function hasRoom(chart: uPlot, line: number, from: number, to: number): boolean {
  const values = chart.data[line]!;
  let count = 0;
  for (let i = from; i <= to; i++) if (values[i] !== null && values[i] !== undefined) count++;
  return count * POINT_ROOM_PX * uPlot.pxRatio <= chart.bbox.width;
}
