import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import { createUploadStore } from './upload-store.ts'

const upload = { client: `0x${'11'.repeat(20)}`, quoteId: 'q', sizeBytes: 900 } as const

test('the uploads of an earlier release, which were told their piece CID, go on', () => {
  const db = new DatabaseSync(':memory:')
  db.exec(`
    CREATE TABLE uploads (upload_id TEXT PRIMARY KEY, client TEXT NOT NULL, quote_id TEXT NOT NULL, piece_cid TEXT NOT NULL,
      size_bytes INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, tus_record TEXT) STRICT;
    INSERT INTO uploads VALUES ('u', '${upload.client}', 'q', 'bafkz', 900, 5, '{"size":900}')`)
  const uploads = createUploadStore(db, () => 7)
  expect(uploads.find('u')).toEqual({ ...upload, uploadId: 'u', createdAtMs: 5 })
  expect(uploads.tusRecord('u')).toEqual({ size: 900 })
  const { uploadId } = uploads.open(upload)
  expect(
    createUploadStore(db)
      .all()
      .map((row) => row.uploadId),
  ).toEqual(['u', uploadId])
})
