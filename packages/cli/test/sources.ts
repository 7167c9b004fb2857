/** What ships of all packages: nothing of it is a test. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Source {
  /** packages/chain/src/main.ts */
  readonly path: string
  readonly text: string
}

const packages = new URL('../../', import.meta.url)

export function readSources(): Source[] {
  return readdirSync(packages).flatMap((name) =>
    readdirSync(new URL(`${name}/src/`, packages), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => ({
        path: `packages/${name}/src/${file.replaceAll('\\', '/')}`,
        text: readFileSync(new URL(`${name}/src/${file}`, packages), 'utf8'),
      })),
  )
}
