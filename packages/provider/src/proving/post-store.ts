/** Challenges that this provider has seen, and what became of each: kept so that a restart neither forgets nor repeats. */
import type { DatabaseSync } from 'node:sqlite'

export type PostState = 'open' | 'accepted' | 'missed' | 'void'

export interface PostRecord {
  readonly partition: number
  readonly challengeEpoch: number
  readonly deadline: number
  readonly state: PostState
  /** The list that was challenged. */
  readonly sectors: readonly number[]
}

export interface PostStore {
  /** False when it was known. */
  opened(challenge: Omit<PostRecord, 'state'>): boolean
  closed(partition: number, challengeEpoch: number, state: Exclude<PostState, 'open'>): void
  find(partition: number, challengeEpoch: number): PostRecord | undefined
  open(): PostRecord[]
}

/** Two challenges a period and partition: some weeks of history, then the oldest go. */
const KEPT_MAX = 10_000

export function createPostStore(db: DatabaseSync): PostStore {
  db.exec(`
    CREATE TABLE IF NOT EXISTS posts (
      partition INTEGER NOT NULL,
      challenge_epoch INTEGER NOT NULL,
      deadline INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'missed', 'void')),
      sectors TEXT NOT NULL,
      PRIMARY KEY (partition, challenge_epoch)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS posts_by_state ON posts (state);
  `)
  const insert = db.prepare(`INSERT OR IGNORE INTO posts VALUES (?, ?, ?, 'open', ?)`)
  const close = db.prepare(
    `UPDATE posts SET state = ? WHERE partition = ? AND challenge_epoch = ? AND state IN ('open', 'missed')`,
  )
  const one = db.prepare('SELECT * FROM posts WHERE partition = ? AND challenge_epoch = ?')
  const selectOpen = db.prepare(`SELECT * FROM posts WHERE state = 'open' ORDER BY deadline`)
  const prune = db.prepare(
    'DELETE FROM posts WHERE rowid IN (SELECT rowid FROM posts ORDER BY challenge_epoch DESC LIMIT -1 OFFSET ?)',
  )
  return {
    opened: ({ partition, challengeEpoch, deadline, sectors }) => {
      const isNew = insert.run(partition, challengeEpoch, deadline, JSON.stringify(sectors)).changes > 0
      if (isNew) prune.run(KEPT_MAX)
      return isNew
    },
    closed: (partition, challengeEpoch, state) => {
      close.run(state, partition, challengeEpoch)
    },
    find: (partition, challengeEpoch) => {
      const row = one.get(partition, challengeEpoch)
      return row === undefined ? undefined : toRecord(row)
    },
    open: () => selectOpen.all().map(toRecord),
  }
}

function toRecord(row: Record<string, unknown>): PostRecord {
  return {
    partition: Number(row.partition),
    challengeEpoch: Number(row.challenge_epoch),
    deadline: Number(row.deadline),
    state: row.state as PostState,
    sectors: JSON.parse(String(row.sectors)) as number[],
  }
}
