import { soak } from './soak.ts'

soak(12)
