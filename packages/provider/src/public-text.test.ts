import { expect, test } from '@jest/globals'
import { publicJson, publicText } from './public-text.ts'

test.each([
  ['piece file /tmp/a/provider/pieces/bagax.car cannot be read', 'piece file bagax.car cannot be read'],
  ["ENOENT: no such file, open '/mnt/My Disk/pieces/x.car'", "ENOENT: no such file, open 'x.car'"],
  ['the disk of /data is full: write /data/a-b_c/7: no', 'the disk of data is full: write 7: no'],
  ['https://node.example:8545/v3/KEY?key=KEY does not answer', 'https://node.example:8545 does not answer'],
  ['http://user:KEY@node.example/ answers', 'http://node.example answers'],
])("paths and what may be a key are nobody else's: %s", (text, shown) => {
  expect(publicText(text)).toBe(shown)
  expect(publicJson({ details: [{ text }] })).toEqual({ details: [{ text: shown }] })
})

test.each([
  'at epoch 3 of 10, 5 bytes/s, n/a, and/or',
  'GET /v1/info says who this provider is, /ipfs/bafy and /healthz',
  'the queue at redis://127.0.0.1:6379/0 is away, ask http://127.0.0.1:80',
  'its folder is in sectors/7 or ~/.granary',
])('the rest stays as it is: %s', (text) => expect(publicText(text)).toBe(text))
