import { Lab } from './fixtures/lab/lab.ts'
import { createCa } from './fixtures/pki.ts'
import { repository } from './fixtures/lab/host.ts'
const users = { testuser: 'testpassword' }
const root = await createCa({ name: 'Corp Root CA' })
const mid = await root.intermediate({ name: 'Corp Issuing CA 2' })
const leaf = await mid.issue({ names: ['reg.corp'] })
const lab = await Lab.create()
try {
  const server = await lab.server('registry')
  await server.dockerRegistry({ port: 5000, chain: [leaf, mid], users })
  const host = await lab.host('client', { hosts: { 'reg.corp': server.address } })
  await host.write('/root/ca.pem', root.pem)
  const before = await host.snapshot(['/etc', '/usr/local'])
  const tr = async (args: string[], input?: string) => {
    console.log('$ trust-registry', args.join(' '))
    const t = Date.now()
    const r = await host.run([process.execPath, '--import', 'tsx', '-e', `import('${repository}/src/cli/main.ts').then(async m => { process.exitCode = await m.main(process.argv.slice(1)) })`, '--', ...args], { cwd: repository, ...(input ? { input } : {}), timeout: 60000 })
    console.log(r.stdout + r.stderr + `-> ${r.code} (${Date.now() - t} ms)\n`)
    return r
  }
  const login = async () => { const r = await host.run(['docker','login','-u','testuser','--password-stdin','reg.corp:5000'], { input: 'testpassword' }); console.log(r.stdout + r.stderr, r.code) }
  await login()
  await tr(['diagnose', 'reg.corp:5000'])
  await tr(['reg.corp:5000'])
  await tr(['reg.corp:5000', '--trust-on-first-use', '--check'])
  await tr(['reg.corp:5000', '--ca', '/root/ca.pem', '--check'])
  await tr(['reg.corp:5000', '--ca', '/root/ca.pem', '--fingerprint', '00'.repeat(32)])
  await tr(['reg.corp:5000', '--ca', '/root/ca.pem', '--fingerprint', root.sha256, '-u', 'testuser', '--password-stdin'], 'testpassword')
  await login()
  await tr(['reg.corp:5000', '--ca', '/root/ca.pem'])
  await tr(['status'])
  await tr(['diagnose', 'reg.corp:5000', '--json'])
  await tr(['undo', 'reg.corp:5000'])
  await tr(['undo', 'reg.corp:5000', '--yes'])
  await login()
  const after = await host.snapshot(['/etc', '/usr/local'])
  console.log('same', JSON.stringify(before) === JSON.stringify(after))
} finally { await lab.close() }
