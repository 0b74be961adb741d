import type { Component } from 'vue';

/** An action of a KMenu. */
export interface MenuItem {
  readonly label: string;
  readonly icon?: Component;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** A line above it. */
  readonly apart?: boolean;
  run(): void;
}
