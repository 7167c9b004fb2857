import { randomBytes } from 'node:crypto'
import { provePoRep } from '@granary/proofs/porep'
import { profileNamed } from '@granary/proofs/profile'
import { sealSector } from '@granary/proofs/seal'
import { verifyPoRep } from '@granary/proofs/verify'

const sector = { profile: profileNamed('8MiB-dev'), provider: 1000, sectorNumber: 1, ticket: randomBytes(32) }
const sealed = await sealSector({ ...sector, pieces: [], dir: 'sector-1', parentsDir: 'parents' })
const seed = randomBytes(32)
const bundle = await provePoRep({ dir: 'sector-1', parentsDir: 'parents', seed })
console.log(verifyPoRep({ ...sector, ...sealed, seed, bundle }))
