/** A column of a KTable. */
export interface Column {
  readonly key: string;
  readonly label: string;
  /** Figures stand at the right. */
  readonly numeric?: boolean;
  readonly sortable?: boolean;
  /** CSS width; columns keep it whatever they hold. */
  readonly width?: string;
  /** The heading is heard only. */
  readonly quiet?: boolean;
}

/** By which column a table is sorted, and which way. */
export interface Sorting {
  readonly key: string;
  readonly down: boolean;
}
