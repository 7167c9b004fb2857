import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const src = join(dirname(fileURLToPath(import.meta.url)), '..')

test.each(['verify/index.ts', 'piece/index.ts', 'spec/profile.ts', 'spec/sha256.ts'])(
  '%s reaches no node: module and no file of a prover',
  (entry) => {
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      for (const [, name] of readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)) {
        expect(name).not.toMatch(/^node:/)
        if (name!.startsWith('.')) visit(join(dirname(file), name!))
      }
    }
    visit(join(src, entry))
    const provers = [...seen].filter((file) => /prove-|seal-|kernel|engine/.test(file.slice(src.length)))
    expect(provers).toEqual([])
  },
)
