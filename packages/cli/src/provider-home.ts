/** What the CLI has to know of a provider's folder before it can open the key in it: which chain it belongs to. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Address } from '@granary/protocol/messages'

/** `<home>/provider`, where key and configuration are. */
export function providerFolder(home: string): string {
  return join(home, 'provider')
}

/** Undefined when the folder is not set up yet, or not readable: the provider itself says what is wrong with it. */
export async function configuredChain(home: string): Promise<string | undefined> {
  return await configuredText(home, 'chainUrl')
}

/** The account that owns the provider of this home, where its configuration names it. */
export async function configuredOwner(home: string): Promise<Address | undefined> {
  return (await configuredText(home, 'owner'))?.toLowerCase() as Address | undefined
}

/** Where a provider listens whose configuration does not say. */
export const defaultPorts = { port: 7470, libp2pPort: 7471 } as const

/** Where it listens: as it wrote after its last run, or its owner did. */
export async function configuredPort(home: string, key: keyof typeof defaultPorts): Promise<number> {
  const value = await configured(home, key)
  return typeof value === 'number' ? value : defaultPorts[key]
}

async function configuredText(home: string, key: string): Promise<string | undefined> {
  const value = await configured(home, key)
  return typeof value === 'string' ? value : undefined
}

async function configured(home: string, key: string): Promise<unknown> {
  try {
    const config = JSON.parse(await readFile(join(providerFolder(home), 'config.json'), 'utf8')) as Record<
      string,
      unknown
    >
    return config[key]
  } catch {
    return undefined
  }
}
