import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import { inTransaction } from './in-transaction.ts'

test('what fails is taken back, and is told as it failed: also where the disk is full', () => {
  const db = new DatabaseSync(':memory:')
  db.exec('CREATE TABLE kept (bytes BLOB) STRICT')
  const insert = db.prepare('INSERT INTO kept VALUES (zeroblob(?))')
  const write = (bytes: number): unknown => inTransaction(db, () => insert.run(bytes))
  write(10)
  expect(() =>
    inTransaction(db, () => {
      insert.run(10)
      throw new Error('its own reason')
    }),
  ).toThrow('its own reason')
  // As a disk without room: SQLite ends the transaction by itself then.
  db.exec('PRAGMA max_page_count = 4')
  expect(() => write(100_000)).toThrow('database or disk is full')
  expect(db.prepare('SELECT count(*) AS count FROM kept').get()).toEqual({ count: 1 })
  write(10)
  db.close()
})
