/** What of electron-installer-debian 4 is used here. It comes without types. */
declare module 'electron-installer-debian' {
  export interface Given {
    /** The packaged application. */
    readonly src: string;
    /** Gets the package. */
    readonly dest: string;
    readonly arch: string;
    readonly logger: (text: string) => void;
    readonly rename: (dest: string) => string;
    readonly options: Readonly<Record<string, unknown>>;
  }
  /** Its methods are the steps of the work, to be called in this order. */
  export class Installer {
    constructor(given: Given);
    readonly options: Record<string, unknown>;
    /** Gets the tree of the package, with `DEBIAN` in it. */
    readonly stagingDir: string;
    /** Names of the methods that fill it. */
    get contentFunctions(): string[];
    copyLicense(target: string): void | Promise<void>;
    generateDefaults(): Promise<object>;
    generateOptions(): object;
    createStagingDir(): Promise<void>;
    createContents(): Promise<unknown>;
    /** Takes what lies beside the tree as `*.deb` to where it belongs. */
    movePackage(): Promise<void>;
  }
  /** Debian's way to write a version. */
  export function transformVersion(version: string): string;
}
