/* SPDX-License-Identifier: ISC */
/*
 * The worker's sandbox: an unprivileged user, an empty root directory, resource limits, and a
 * filter (seccomp(2)) with the system calls that a relay makes and no more.
 */
#include "telnetd/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "pty/pty.h"

#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

/* What the users are called whom a worker may become, best first. */
static const char *const users[] = {"telnetd", "nobody"};

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* --- the filter --------------------------------------------------------------------------- */

#ifdef HAVE_SECCOMP

static const int calls[] = {
	/* the relay */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(recvmsg), /* but not sendmsg: to close what it passed could hold up the monitor */
	SCMP_SYS(recv),
	SCMP_SYS(send),
	SCMP_SYS(shutdown),
	SCMP_SYS(close),
	/* the event loop */
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(gettimeofday),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	/* the end */
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* What AddressSanitizer does by itself to watch and to report. */
static const int sanitizer_calls[] = {
	SCMP_SYS(getpid), SCMP_SYS(gettid),   SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction),
	SCMP_SYS(open),	  SCMP_SYS(openat),   SCMP_SYS(fstat),	     SCMP_SYS(newfstatat),
	SCMP_SYS(stat),	  SCMP_SYS(readlink), SCMP_SYS(lseek),	     SCMP_SYS(sched_yield),
	SCMP_SYS(prctl),
};

/*
 * Newer C libraries do tcgetattr(3) and tcsetattr(3) by these. <asm/termbits.h>, which has them,
 * does not go together with <termios.h>.
 */
#define TERMIOS2_SIZE 44
#define GET_TERMIOS2 _IOC(_IOC_READ, 'T', 0x2a, TERMIOS2_SIZE)
#define SET_TERMIOS2 _IOC(_IOC_WRITE, 'T', 0x2b, TERMIOS2_SIZE)

/* The requests of ioctl(2) on a terminal's master, and of the socket its urgent mark. */
static const unsigned long requests[] = {
	TCGETS,	 TCSETS,  GET_TERMIOS2, SET_TERMIOS2, TIOCSWINSZ,
	TIOCPKT, TIOCSIG, TCFLSH,	FIONREAD,     SIOCATMARK,
};

/*
 * The one option of a socket that a worker sets. The filter cannot look at its value. The rule is
 * for setsockopt(2) itself, not for socketcall(2), whose arguments are in memory.
 */
static int add_socket_option(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
				SCMP_A1(SCMP_CMP_EQ, IPPROTO_TCP),
				SCMP_A2(SCMP_CMP_EQ, TCP_NODELAY));
}

/* The slave of a master that it has, to flush its input; never as the controlling terminal. */
static int add_slave(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 2,
				SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCGPTPEER),
				SCMP_A2(SCMP_CMP_EQ, PTY_FLUSH_OPEN_FLAGS));
}

static int add_calls(scmp_filter_ctx filter, const int *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, list[i], 0);

		/* A call that this machine does not have at all needs no rule. */
		if (result != 0 && result != -EDOM)
			return result;
	}
	return 0;
}

/* Memory that cannot be executed. */
static int add_memory_calls(scmp_filter_ctx filter)
{
	static const int memory_calls[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};

	for (size_t i = 0; i < sizeof(memory_calls) / sizeof(memory_calls[0]); i++) {
		int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, memory_calls[i], 1,
					      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

		if (result != 0 && result != -EDOM)
			return result;
	}
	return 0;
}

static int add_rules(scmp_filter_ctx filter)
{
	int result = add_calls(filter, calls, sizeof(calls) / sizeof(calls[0]));

	if (result == 0 && SANITIZED)
		result = add_calls(filter, sanitizer_calls,
				   sizeof(sanitizer_calls) / sizeof(sanitizer_calls[0]));
	if (result == 0)
		result = add_memory_calls(filter);
	if (result == 0)
		result = add_socket_option(filter);
	if (result == 0)
		result = add_slave(filter);
	for (size_t i = 0; result == 0 && i < sizeof(requests) / sizeof(requests[0]); i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
					  SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, requests[i]));
	return result;
}

/* Reads the filter's program back from where libseccomp has written it. */
static int load_program(int file, struct sock_fprog **program)
{
	off_t size = lseek(file, 0, SEEK_END);
	struct sock_fprog *loaded;

	if (size <= 0)
		return -EIO;
	loaded = malloc(sizeof(*loaded) + (size_t)size);
	if (!loaded)
		return -ENOMEM;
	loaded->filter = (struct sock_filter *)(void *)(loaded + 1);
	loaded->len = (unsigned short)((size_t)size / sizeof(struct sock_filter));
	if (pread(file, loaded->filter, (size_t)size, 0) != size) {
		free(loaded);
		return -EIO;
	}
	*program = loaded;
	return 0;
}

static int build_filter(struct sandbox *sandbox)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int file = memfd_create("filter", MFD_CLOEXEC);
	int result = filter ? 0 : -ENOMEM;

	if (file < 0)
		result = -errno;
	if (result == 0)
		result = add_rules(filter);
	if (result == 0)
		result = seccomp_export_bpf(filter, file);
	if (result == 0)
		result = load_program(file, &sandbox->filter);
	if (file >= 0)
		close(file);
	seccomp_release(filter);
	return result;
}

#else

static int build_filter(struct sandbox *sandbox)
{
	sandbox->filter = NULL;
	return 0;
}

#endif

/* --- preparing ---------------------------------------------------------------------------- */

static int find_user(struct sandbox *sandbox)
{
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		const struct passwd *entry = getpwnam(users[i]);

		if (!entry || entry->pw_uid == 0)
			continue;
		sandbox->user = entry->pw_uid;
		sandbox->group = entry->pw_gid;
		return 0;
	}
	return -ENOENT;
}

/* A directory that is removed while it is held open: it is empty, and nobody can fill it. */
static int make_empty_root(struct sandbox *sandbox)
{
	char path[] = "/tmp/telnetd-XXXXXX";
	int result = 0;

	if (!mkdtemp(path))
		return -errno;
	sandbox->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sandbox->root < 0)
		result = -errno;
	if (rmdir(path) != 0 && result == 0)
		result = -errno;
	return result;
}

int sandbox_prepare(struct sandbox *sandbox, const char **what)
{
	int result;

	*sandbox = (struct sandbox){.privileged = geteuid() == 0, .root = -1};
	*what = "the system call filter";
	result = build_filter(sandbox);
	if (result != 0 || !sandbox->privileged)
		return result;
	*what = "the user telnetd or nobody";
	result = find_user(sandbox);
	if (result != 0)
		return result;
	*what = "an empty root directory";
	return make_empty_root(sandbox);
}

void sandbox_free(struct sandbox *sandbox)
{
	if (sandbox->root >= 0)
		close(sandbox->root);
	free(sandbox->filter);
}

/*
 * Memory that a worker may map: what a process has from its beginning, with room to spare, and for
 * each descriptor half of what a session can come to hold (its buffers, and those of libtelnet and
 * zlib).
 */
#define OWN_MEMORY (256UL * 1024 * 1024)
#define DESCRIPTOR_MEMORY (192UL * 1024)

/* --- entering ----------------------------------------------------------------------------- */

/* No more than the limit that telnetd was started with, which only root could raise. */
static rlim_t memory_limit(unsigned long descriptors)
{
	struct rlimit own = {RLIM_INFINITY, RLIM_INFINITY};
	rlim_t count = descriptors, most;

	getrlimit(RLIMIT_AS, &own);
	if (SANITIZED || count > (RLIM_INFINITY - OWN_MEMORY) / DESCRIPTOR_MEMORY)
		return own.rlim_max;
	most = OWN_MEMORY + count * DESCRIPTOR_MEMORY;
	return most < own.rlim_max ? most : own.rlim_max;
}

static int set_limits(unsigned long descriptors)
{
	const rlim_t memory = memory_limit(descriptors), size = SANITIZED ? RLIM_INFINITY : 0;
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){descriptors, descriptors}) != 0 ||
	    setrlimit(RLIMIT_AS, &(struct rlimit){memory, memory}) != 0 ||
	    setrlimit(RLIMIT_FSIZE, &(struct rlimit){size, size}) != 0 ||
	    setrlimit(RLIMIT_NPROC, &none) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return -errno;
	return 0;
}

static int give_up_user(const struct sandbox *sandbox)
{
	if (!sandbox->privileged)
		return 0;
	if (fchdir(sandbox->root) != 0 || chroot(".") != 0)
		return -errno;
	/* Not even a program with capabilities of its own could bring them back. */
	for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
		;
	if (setgroups(0, NULL) != 0 ||
	    setresgid(sandbox->group, sandbox->group, sandbox->group) != 0 ||
	    setresuid(sandbox->user, sandbox->user, sandbox->user) != 0)
		return -errno;
	close(sandbox->root);
	return setuid(0) == 0 ? -EPERM : 0;
}

/* Those that a file or a service manager may have given to a user who is not root. */
static int give_up_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capset, &header, none) == 0 ? 0 : -errno;
}

int sandbox_enter(const struct sandbox *sandbox, unsigned long descriptors)
{
	int result = set_limits(descriptors);

	if (result == 0)
		result = give_up_user(sandbox);
	if (result == 0)
		result = give_up_capabilities();
	if (result != 0)
		return result;
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	if (sandbox->filter && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, sandbox->filter) != 0)
		return -errno;
	return 0;
}
