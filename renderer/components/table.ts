/** A column of a KTable. */
export interface Column {
  readonly key: string;
  readonly label: string;
  /** Explanation, where needed. */
  readonly text?: string;
  /** Right-aligned numbers. */
  readonly numeric?: boolean;
  readonly sortable?: boolean;
  /** Fixed CSS width. */
  readonly width?: string;
  /** The heading is visually hidden. */
  readonly quiet?: boolean;
}

/** Sort column and direction. */
export interface Sorting {
  readonly key: string;
  readonly down: boolean;
}
