/** Small values that the daemon remembers: its home, its provider id, the chain it belongs to, the secret of its tokens. */
import type { DatabaseSync } from 'node:sqlite'

export interface Settings {
  get(key: SettingKey): string | undefined
  set(key: SettingKey, value: string): void
}

type SettingKey =
  | 'homeId'
  | 'genesisHash'
  | 'trustedHeader'
  | 'providerId'
  | 'tokenSecret'
  | 'followedHeight'
  | 'profile'
  | 'collateral'

export function createSettings(db: DatabaseSync): Settings {
  db.exec('CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT')
  const read = db.prepare('SELECT value FROM settings WHERE key = ?')
  const write = db.prepare(
    'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  return {
    get: (key) => {
      const value = read.get(key)?.value
      return value === undefined ? undefined : String(value)
    },
    set: (key, value) => {
      write.run(key, value)
    },
  }
}
