const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /no space left|ENOSPC|disk quota/i,
    'The disk is full: free some space, or point DATA_DIR to a larger disk.',
  ],
  [
    /invalid locale|locale name|encoding mismatch/i,
    'The C.UTF-8 locale of Postgres itself is missing: the binaries are damaged; run npm ci.',
  ],
  [
    /could not look up (effective )?user|user does not exist/i,
    'This user id has no entry in /etc/passwd, which initdb needs: add one, or set DATABASE_URL.',
  ],
  [
    /cannot be run as root|operation not permitted|EPERM|EINVAL/i,
    'Postgres does not run as root and this process may not change its user: start it as another user, or set DATABASE_URL.',
  ],
  [
    /permission denied|EACCES|read-only file system|EROFS/i,
    'Make DATA_DIR writable for this user, or point DATA_DIR elsewhere.',
  ],
  [
    /shared memory/i,
    'The system grants too little shared memory: raise its limit, or set DATABASE_URL to a server elsewhere.',
  ],
  [
    /incompatible with server|initialized by PostgreSQL version/i,
    'The cluster belongs to another version of Postgres: dump it with that version, or set DATABASE_URL.',
  ],
  [
    /could not locate a valid checkpoint|invalid checkpoint|PANIC/i,
    'The cluster is damaged: restore DATA_DIR from a backup.',
  ],
];

/** What a person can do about a failure that Postgres or the system described in `output`. */
export function hintFor(output: string): string {
  const match = HINTS.find(([pattern]) => pattern.test(output));
  return match?.[1] ?? 'Mend what it names, or set DATABASE_URL to a Postgres that you run yourself.';
}
