/** What the machine is to Granary: its Node, the kernel that hashes, room on the disk, ports to listen on. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { activeKernel } from '@granary/proofs/engine'
import { formatBytes } from '../print/quantities.ts'
import type { Finding } from './finding.ts'

const NODE_MAJOR_MIN = 24
/** Less does not hold the pieces of a devnet; much less does not hold a journal. */
const ROOM_MIN_BYTES = 1 << 30
const ROOM_NONE_BYTES = 16 << 20

export const PORTS: Readonly<Record<number, string>> = {
  7460: 'the RPC of a chain node',
  7470: 'the HTTP of a provider',
  7471: 'the bitswap of a provider',
}

export function checkNode(version: string = process.versions.node): Finding {
  const says = `Node ${version} on ${process.platform} ${process.arch}`
  if (Number.parseInt(version, 10) >= NODE_MAJOR_MIN) return { check: 'node', state: 'ok', says }
  const fix = `install Node ${NODE_MAJOR_MIN} or newer; in a checkout \`npm test\` brings its own`
  return { check: 'node', state: 'wrong', says, fix, code: 'UNEXPECTED' }
}

export function checkKernel(kernel: { readonly name: string; readonly reason: string } = activeKernel()): Finding {
  const { name, reason } = kernel
  const says = `${name}, since ${reason}`
  if (name !== 'typescript') return { check: 'kernel', state: 'ok', says }
  const fix = 'putting and getting do not need it; for sealing install a C compiler, then install Granary again'
  return { check: 'kernel', state: 'note', says, fix }
}

export async function checkDisk(home: string): Promise<Finding> {
  const folder = nearestFolder(home)
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  const says = `${formatBytes(freeBytes)} free for ${home}`
  const details = { folder, freeBytes }
  if (freeBytes >= ROOM_MIN_BYTES) return { check: 'disk', state: 'ok', says, details }
  const fix = 'make room there, or choose a folder on another disk with --home or `granary config set home FOLDER`'
  if (freeBytes >= ROOM_NONE_BYTES) return { check: 'disk', state: 'note', says, fix, details }
  return { check: 'disk', state: 'wrong', says, fix, code: 'DISK_FULL', details }
}

/** Ports by default: one that is taken hinders only who wants to run such a program here, unless it is that very program. */
export async function checkPorts(ports: readonly number[] = Object.keys(PORTS).map(Number)): Promise<Finding> {
  const states = await Promise.all(ports.map(async (port) => ({ port, free: await isFree(port) })))
  const taken = states.filter(({ free }) => !free).map(({ port }) => port)
  const details = { free: ports.filter((port) => !taken.includes(port)), taken }
  if (taken.length === 0) return { check: 'ports', state: 'ok', says: `${ports.join(', ')} are free`, details }
  const says = `taken: ${taken.map((port) => `${port} (${PORTS[port] ?? 'another program'})`).join(', ')}`
  const fix = 'nothing, where that program runs; to run a second one, give it --port'
  return { check: 'ports', state: 'note', says, fix, details }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

function nearestFolder(path: string): string {
  const above = dirname(path)
  return existsSync(path) || above === path ? path : nearestFolder(above)
}
