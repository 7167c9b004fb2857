/** Layers that take longer than the time between two checkpoints, and so many of them that ten kills do not see the end. */
import { customProfile, type Profile } from '../src/spec/profile.ts'
import { noise } from './support.ts'

export const longLayers: Profile = customProfile({
  sectorBytes: 2 ** 27,
  layers: 8,
  challenges: 1,
  porepId: noise('long layers', 32),
})
