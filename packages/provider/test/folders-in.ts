/** The folders of what is stored, as they lie in a home, in the folder of a test. */
import { join } from 'node:path'

export function foldersIn(folder: string): { sectors: string; pieces: string; staging: string } {
  return { sectors: join(folder, 'sectors'), pieces: join(folder, 'pieces'), staging: join(folder, 'staging') }
}
