// SPDX-License-Identifier: ISC
//
// Logs in by npm's telnet-client as its users do, with what it does by default, runs a command and
// prints what that printed:	node log_in.js MODULE PORT USER PASSWORD PROMPT COMMAND
'use strict'

const [module_path, port, username, password, prompt, command] = process.argv.slice(2)
const { Telnet } = require(module_path)

async function main() {
	const connection = new Telnet()
	const closed = new Promise(resolve => connection.on('close', resolve))

	await connection.connect({
		host: '127.0.0.1', port: Number(port), username, password, shellPrompt: prompt,
	})
	console.log('printed: ' + JSON.stringify(await connection.exec(command)))
	await connection.write('exit\n')
	await closed
}

main().catch(error => {
	console.log('failed: ' + (error && error.message || error))
	process.exit(1)
})
