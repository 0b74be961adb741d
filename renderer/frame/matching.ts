import type { Component } from 'vue';

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly icon: Component;
  /** Other words that it is found by. */
  readonly also?: string;
  /** The shortcut that does the same. */
  readonly keys?: readonly string[];
  run(): void;
}

export interface CommandGroup {
  readonly label: string;
  readonly commands: readonly Command[];
  /** Too many to be shown before anything is searched for. */
  readonly searched?: true;
}

/** Groups filtered to commands that contain every word of the query; prefix matches first. */
export function matching(groups: readonly CommandGroup[], query: string): CommandGroup[] {
  const AT_MOST = 8;
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const begins = ({ label }: Command) => label.toLowerCase().startsWith(words[0] ?? '');
  return groups
    .filter(({ searched }) => searched !== true || words.length > 0)
    .map(({ label, commands }) => {
      const found = commands.filter((command) =>
        words.every((word) =>
          `${command.label} ${command.also ?? ''}`.toLowerCase().includes(word),
        ),
      );
      const ranked = [...found.filter(begins), ...found.filter((command) => !begins(command))];
      return { label, commands: ranked.slice(0, words.length === 0 ? AT_MOST : AT_MOST * 2) };
    })
    .filter(({ commands }) => commands.length > 0);
}
