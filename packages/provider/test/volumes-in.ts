/** Volumes of one disk, as they lie in a home, in the folder of a test. */
import { join } from 'node:path'
import { createVolumes } from '../src/storage/create-volumes.ts'
import { type Volumes, type VolumesConfig, volumeRoles } from '../src/storage/volumes.ts'

export function volumesIn(folder: string, named: Partial<VolumesConfig> = {}): Volumes {
  const folders = { sectors: join(folder, 'sectors'), pieces: join(folder, 'pieces'), staging: join(folder, 'staging') }
  const config = { homeRoles: volumeRoles, volumes: [], diskReserveBytes: 0, ...named }
  return createVolumes({ root: folder, ...folders }, () => config, { homeId: 'here' })
}
