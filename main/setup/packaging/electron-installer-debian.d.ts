/** The part of electron-installer-debian 4 that is used here; it has no types of its own. */
declare module 'electron-installer-debian' {
  export interface Given {
    /** The packaged application. */
    readonly src: string;
    /** Output folder. */
    readonly dest: string;
    readonly arch: string;
    readonly logger: (text: string) => void;
    readonly rename: (dest: string) => string;
    readonly options: Readonly<Record<string, unknown>>;
  }
  /** Its methods are the build steps, to be called in this order. */
  export class Installer {
    constructor(given: Given);
    readonly options: Record<string, unknown>;
    /** Folder for the package's file tree, including `DEBIAN`. */
    readonly stagingDir: string;
    /** Names of the methods that fill the staging folder. */
    get contentFunctions(): string[];
    copyLicense(target: string): void | Promise<void>;
    generateDefaults(): Promise<object>;
    generateOptions(): object;
    createStagingDir(): Promise<void>;
    createContents(): Promise<unknown>;
    /** Moves the `*.deb` beside the staging folder to its destination. */
    movePackage(): Promise<void>;
  }
  /** Converts a version to Debian's notation. */
  export function transformVersion(version: string): string;
}
