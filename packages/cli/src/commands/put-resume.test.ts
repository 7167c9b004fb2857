import { expect, test } from '@jest/globals'
import { resumeOf } from './put-resume.ts'

test('the command that goes on makes the same deals, for the same bound, with the same key', () => {
  const options = {
    hidden: false,
    links: 'refuse',
    cidProfile: 'unixfs-v1-2025',
    wait: true,
    progress: 'text',
  } as const
  const given = { ...options, chain: 'http://127.0.0.1:1' } as unknown as Parameters<typeof resumeOf>[1]
  const plain = resumeOf(['a b'], given).cmd
  expect(plain).not.toMatch(/--again|--yes|--max-price|--passphrase-file/)
  const { cmd } = resumeOf(['a b'], { ...given, again: true, yes: true, maxPrice: 5n, passphraseFile: '/k/pass' })
  expect(cmd).toContain(" --again --yes --max-price '5 attoGRN' --passphrase-file /k/pass ")
})
