import type { OpenArchive } from '../known-archive/open-archive.ts';

export function biToolTests(_open: OpenArchive): void {}
