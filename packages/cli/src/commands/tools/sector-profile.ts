/** Which sector is meant: a profile by its name, or its size, layers and porep id given freely. */
import { customProfile, type Profile, profileNamed, profiles } from '@granary/proofs/profile'
import { type Command, Option } from 'commander'
import { wholeNumber } from '../../options.ts'
import { UsageError } from '../../usage-error.ts'
import { hex32, sectorBytes } from './arguments.ts'

export interface SectorProfileOptions {
  readonly profile?: string
  readonly sectorSize?: number
  readonly layers?: number
  readonly porepId?: Uint8Array
  readonly challenges?: number
}

const LAYERS_MAX = 64
const CHALLENGES_MAX = 65_536
/** What the profiles for production have. */
const CHALLENGES_DEFAULT = 176

export function profileOption(): Option {
  return new Option('--profile <name>', 'sector profile').choices(Object.keys(profiles))
}

export function challengesOption(description: string): Option {
  return new Option('--challenges <n>', description).argParser(wholeNumber(1, CHALLENGES_MAX))
}

export function withSectorProfile(command: Command): Command {
  return command
    .addOption(profileOption())
    .option('--sector-size <bytes>', 'in place of a profile: size of the sector, a power of two', sectorBytes)
    .option('--layers <n>', 'in place of a profile: layers of labels', wholeNumber(1, LAYERS_MAX))
    .option('--porep-id <hex>', 'in place of a profile: 32 bytes that fix the graph', hex32)
}

/** @throws UsageError when neither or both of the two ways are taken */
export function sectorProfileOf(options: SectorProfileOptions): Profile {
  const profile = options.profile === undefined ? freeProfile(options) : namedProfile(options.profile, options)
  return { ...profile, challenges: options.challenges ?? profile.challenges }
}

function namedProfile(name: string, { sectorSize, layers, porepId }: SectorProfileOptions): Profile {
  if ([sectorSize, layers, porepId].some((value) => value !== undefined))
    throw new UsageError(
      '--profile already says the size of the sector, its layers and its porep id: give one or the other',
    )
  return profileNamed(name)
}

function freeProfile({ sectorSize, layers, porepId }: SectorProfileOptions): Profile {
  if (sectorSize === undefined || layers === undefined || porepId === undefined)
    throw new UsageError('give either --profile, or all of --sector-size, --layers and --porep-id')
  const same = Object.values(profiles).find(
    (named) =>
      named.sectorBytes === sectorSize && named.layers === layers && Buffer.compare(named.porepId, porepId) === 0,
  )
  return same ?? customProfile({ sectorBytes: sectorSize, layers, porepId, challenges: CHALLENGES_DEFAULT })
}
