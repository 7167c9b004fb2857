/** What the CLI has to know of a provider's folder before it can open the key in it: which chain it belongs to. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** `<home>/provider`, where key and configuration are. */
export function providerFolder(home: string): string {
  return join(home, 'provider')
}

/** Undefined when the folder is not set up yet, or not readable: the provider itself says what is wrong with it. */
export async function configuredChain(home: string): Promise<string | undefined> {
  try {
    const config: unknown = JSON.parse(await readFile(join(providerFolder(home), 'config.json'), 'utf8'))
    const { chainUrl } = config as { chainUrl?: unknown }
    return typeof chainUrl === 'string' ? chainUrl : undefined
  } catch {
    return undefined
  }
}
