import { writeFileSync } from 'node:fs'

// Leaves the counts where scripts/test.mjs finds them, and names each skipped test: a skip is never silent.
export default class CountReporter {
  onRunComplete(_contexts, results) {
    for (const file of results.testResults) {
      for (const test of file.testResults) {
        if (test.status === 'pending' || test.status === 'todo') console.log(`SKIPPED ${test.fullName}`)
      }
    }
    // A file that could not run at all has no test to count; it is one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const counts = { passed: results.numPassedTests, failed, skipped: results.numPendingTests + results.numTodoTests }
    const out = process.env.GRANARY_TEST_COUNTS
    if (out) writeFileSync(out, JSON.stringify(counts))
  }
}
