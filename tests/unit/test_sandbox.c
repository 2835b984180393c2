/* SPDX-License-Identifier: ISC */
/*
 * The worker's sandbox, tried from the inside: what a relay does works, and whatever else a process
 * can do is refused, first by the filter, and where there is none by what was given up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "pty/pty.h"
#include "telnetd/message.h"
#include "telnetd/sandbox.h"
#include "tests/unit/observe.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A worker's descriptors: the tests in it need no more. */
#define DESCRIPTORS 64

/* Statuses of a child that has come into the sandbox, and of one that has not. */
#define WENT_WELL 0
#define NOT_ENTERED 100

static struct sandbox sandbox;
static struct pty pty;
static int channel[2];

static int prepare(void **state)
{
	const char *what = "";
	int result;

	(void)state;
	if (under_valgrind())
		return 0; /* every test is skipped */
	result = sandbox_prepare(&sandbox, &what);
	if (result != 0)
		print_error("%s: %s\n", what, strerror(-result));
	return result;
}

static int finish(void **state)
{
	(void)state;
	if (!under_valgrind())
		sandbox_free(&sandbox);
	return 0;
}

static int begin(void **state)
{
	const struct pty_setup setup = {.echo = false};

	(void)state;
	if (pty_open(&pty, &setup) != 0)
		return -1;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel);
}

static int end(void **state)
{
	(void)state;
	close(pty.master);
	close(pty.slave);
	close(channel[0]);
	close(channel[1]);
	return 0;
}

/* --- a process in the sandbox ------------------------------------------------------------- */

/* Runs in a child in the sandbox; what it returns is the child's exit status. */
typedef int inside(void);

/* Returns the child's status as wait(2) has it. */
static int run_inside(const struct sandbox *box, inside *act)
{
	const gid_t other_group = 4711;
	int status = -1;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGSYS, SIG_DFL); /* cmocka would catch it */
		setgroups(1, &other_group); /* to be given up; only root has one to give */
		if (sandbox_enter(box, DESCRIPTORS) != 0)
			_exit(NOT_ENTERED);
		_exit(act());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* Valgrind lacks seccomp(2), makes system calls of its own, and has limits of its own. */
static void need_no_valgrind(void)
{
	if (!under_valgrind())
		return;
	print_message("there is no sandbox under valgrind\n");
	skip();
}

static void need_filter(void)
{
	need_no_valgrind();
	if (!sandbox.filter) {
		print_message("this telnetd is built without its system-call filter\n");
		skip();
	}
}

static void need_root(void)
{
	need_no_valgrind();
	if (sandbox.privileged)
		return;
	print_message("only root has a user and a root directory to give up\n");
	skip();
}

/* Without the filter, what else was given up shows. */
static struct sandbox without_filter(void)
{
	struct sandbox box = sandbox;

	box.filter = NULL;
	return box;
}

static void assert_went_well(const struct sandbox *box, inside *act)
{
	int status = run_inside(box, act);

	if (WIFSIGNALED(status))
		fail_msg("it died of signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != WENT_WELL)
		fail_msg("it failed at step %d", WEXITSTATUS(status));
}

/* --- what the relay does ------------------------------------------------------------------ */

/* The step that failed is the status. */
#define STEP(number, condition)                                                                    \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return (number);                                                           \
	} while (0)

static int do_nothing(void)
{
	return WENT_WELL;
}

static void entering_works(void **state)
{
	(void)state;
	need_no_valgrind();
	assert_went_well(&sandbox, do_nothing);
}

static int relay(void)
{
	char bytes[64];
	struct pty_status status;

	STEP(1, pty_read(pty.master, bytes, sizeof(bytes), &status) == 5);
	STEP(2, memcmp(bytes + 1, "shown", 5) == 0);
	STEP(3, write(pty.master, "typed\r", 6) == 6);
	STEP(4, send(channel[1], "sent", 4, MSG_NOSIGNAL | MSG_DONTWAIT) == 4);
	STEP(5, recv(channel[1], bytes, sizeof(bytes), MSG_DONTWAIT) == 5);
	STEP(6, recv(channel[1], bytes, sizeof(bytes), MSG_DONTWAIT) < 0 && errno == EAGAIN);
	return WENT_WELL;
}

static void reading_and_writing_work(void **state)
{
	char typed[64];

	(void)state;
	need_filter();
	assert_int_equal(write(pty.slave, "shown", 5), 5);
	assert_int_equal(send(channel[0], "hello", 5, 0), 5);
	assert_went_well(&sandbox, relay);
	assert_int_equal(read(pty.slave, typed, sizeof(typed)), 6);
	assert_memory_equal(typed, "typed\n", 6);
	assert_int_equal(recv(channel[0], typed, sizeof(typed), 0), 4);
}

static int waiting_epoll;

static int wait_for_events(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct pollfd poller = {.fd = channel[1], .events = POLLOUT};
	struct timespec now;

	STEP(1, epoll_ctl(waiting_epoll, EPOLL_CTL_ADD, channel[1], &event) == 0);
	STEP(2, epoll_wait(waiting_epoll, &event, 1, 0) == 0);
	event.events = EPOLLIN | EPOLLOUT;
	STEP(3, epoll_ctl(waiting_epoll, EPOLL_CTL_MOD, channel[1], &event) == 0);
	STEP(4, epoll_wait(waiting_epoll, &event, 1, 1000) == 1);
	STEP(5, epoll_ctl(waiting_epoll, EPOLL_CTL_DEL, channel[1], NULL) == 0);
	STEP(6, poll(&poller, 1, 1000) == 1);
	STEP(7, ppoll(&poller, 1, &(struct timespec){1, 0}, NULL) == 1);
	STEP(8, clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return WENT_WELL;
}

static void waiting_for_events_works(void **state)
{
	(void)state;
	need_filter();
	waiting_epoll = epoll_create1(EPOLL_CLOEXEC);
	assert_went_well(&sandbox, wait_for_events);
	close(waiting_epoll);
}

static int control_terminal(void)
{
	struct termios modes;
	char character;

	STEP(1, tcgetattr(pty.master, &modes) == 0);
	STEP(2, tcsetattr(pty.master, TCSANOW, &modes) == 0);
	STEP(3, pty_set_window(pty.master, 100, 50) == 0);
	STEP(4, pty_set_echo(pty.master, true) == 0);
	STEP(5, pty_control(pty.master, PTY_INTERRUPT, &character) >= 0);
	STEP(6, pty_control(pty.master, PTY_EOF, &character) >= 0);
	STEP(7, pty_discard_output(pty.master) == 0);
	return WENT_WELL;
}

static void controlling_the_terminal_works(void **state)
{
	struct winsize window;

	(void)state;
	need_filter();
	assert_went_well(&sandbox, control_terminal);
	assert_int_equal(ioctl(pty.slave, TIOCGWINSZ, &window), 0);
	assert_int_equal(window.ws_col, 100);
}

static int urgent_socket;

static int ask_for_mark(void)
{
	int mark = -1;

	STEP(1, ioctl(urgent_socket, SIOCATMARK, &mark) == 0);
	STEP(2, mark == 0);
	STEP(3, shutdown(urgent_socket, SHUT_WR) == 0 || errno == ENOTCONN);
	STEP(4, close(urgent_socket) == 0);
	return WENT_WELL;
}

static void asking_a_socket_for_its_urgent_mark_works(void **state)
{
	(void)state;
	need_filter();
	urgent_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_went_well(&sandbox, ask_for_mark);
	close(urgent_socket);
}

static int hold_segments_back(void)
{
	const int off = 0;

	STEP(1, syscall(SYS_setsockopt, urgent_socket, IPPROTO_TCP, TCP_NODELAY, &off,
			sizeof(off)) == 0);
	return WENT_WELL;
}

static void holding_segments_back_works(void **state)
{
	(void)state;
	need_filter();
	urgent_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_went_well(&sandbox, hold_segments_back);
	close(urgent_socket);
}

static int talk_to_monitor(void)
{
	const struct message log = {.type = MESSAGE_LOG, .text = {"from inside"}};
	struct message message;
	int descriptor;

	STEP(1, message_receive(channel[1], &message, &descriptor) == 1);
	STEP(2, message.type == MESSAGE_TERMINAL && descriptor >= 0);
	STEP(3, write(descriptor, "through", 7) == 7);
	STEP(4, message_send_waiting(channel[1], &log, -1) == 0);
	STEP(5, message_receive(channel[1], &message, &descriptor) == -EAGAIN);
	return WENT_WELL;
}

static void taking_a_descriptor_and_answering_work(void **state)
{
	const struct message terminal = {.type = MESSAGE_TERMINAL};
	struct message message;
	int passed[2], descriptor;
	char bytes[8];

	(void)state;
	need_filter();
	assert_int_equal(pipe2(passed, O_CLOEXEC), 0);
	assert_int_equal(message_send(channel[0], &terminal, passed[1]), 0);
	assert_went_well(&sandbox, talk_to_monitor);
	assert_int_equal(message_receive(channel[0], &message, &descriptor), 1);
	assert_string_equal(message.text.text, "from inside");
	assert_int_equal(read(passed[0], bytes, sizeof(bytes)), 7);
	close(passed[0]);
	close(passed[1]);
}

static int use_memory(void)
{
	static const size_t sizes[] = {16, 4096, 300UL * 1024, 40UL * 1024 * 1024};

	for (int times = 0; times < 3; times++)
		for (size_t i = 0; i < LENGTH(sizes); i++) {
			char *bytes = malloc(sizes[i]), *more;

			STEP(1, bytes);
			memset(bytes, 1, sizes[i]);
			more = realloc(bytes, sizes[i] * 2);
			STEP(2, more);
			memset(more, 2, sizes[i] * 2);
			free(more);
		}
	return WENT_WELL;
}

static void using_memory_works(void **state)
{
	(void)state;
	need_filter();
	assert_went_well(&sandbox, use_memory);
}

#define FAR_TOO_MUCH (1UL << 30)

static int take_all_memory(void)
{
	STEP(1, mmap(NULL, FAR_TOO_MUCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0) == MAP_FAILED);
	STEP(2, mmap(NULL, FAR_TOO_MUCH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0) == MAP_FAILED);
	return WENT_WELL;
}

static void memory_has_a_limit(void **state)
{
	(void)state;
	need_filter();
	if (SANITIZED) {
		print_message("sanitizers map more than any limit\n");
		skip();
	}
	assert_went_well(&sandbox, take_all_memory);
}

/* --- what it does not do ------------------------------------------------------------------ */

static int open_file(void)
{
	return (int)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static int create_file(void)
{
	return (int)syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_WRONLY | O_CREAT | O_EXCL, 0600);
}

static int make_directory(void)
{
	return (int)syscall(SYS_mkdirat, AT_FDCWD, "x", 0700);
}

static int remove_file(void)
{
	return (int)syscall(SYS_unlinkat, AT_FDCWD, "x", 0);
}

static int link_file(void)
{
	return (int)syscall(SYS_linkat, AT_FDCWD, "x", AT_FDCWD, "y", 0);
}

static int rename_file(void)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "y", 0);
}

static int change_mode(void)
{
	return (int)syscall(SYS_fchmod, pty.slave, 0666);
}

static int change_owner(void)
{
	return (int)syscall(SYS_fchown, pty.slave, 0, 0);
}

static int read_directory(void)
{
	char bytes[1024];

	return (int)syscall(SYS_getdents64, 0, bytes, sizeof(bytes));
}

static int change_directory(void)
{
	return chdir("..");
}

static int change_root(void)
{
	return chroot("..");
}

static int mount_something(void)
{
	return (int)syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL);
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int make_socket_pair(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static int connect_somewhere(void)
{
	const struct sockaddr address = {.sa_family = AF_INET};

	return connect(channel[1], &address, sizeof(address));
}

static int bind_somewhere(void)
{
	const struct sockaddr address = {.sa_family = AF_UNIX};

	return bind(channel[1], &address, sizeof(address));
}

static int listen_to_clients(void)
{
	return listen(channel[1], 1);
}

static int accept_client(void)
{
	return (int)syscall(SYS_accept4, channel[1], NULL, NULL, 0);
}

static int set_socket_option(void)
{
	const int on = 1;

	return setsockopt(channel[1], SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int set_socket_option_directly(void)
{
	const int on = 1;

	return (int)syscall(SYS_setsockopt, channel[1], SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

#ifdef SYS_socketcall

/* What socketcall(2) calls them. */
enum {
	CALL_SOCKET = 1,
	CALL_SETSOCKOPT = 14,
	CALL_SENDMSG = 16,
};

static int make_socket_by_socketcall(void)
{
	unsigned long arguments[] = {AF_INET, SOCK_STREAM, 0};

	return (int)syscall(SYS_socketcall, CALL_SOCKET, arguments);
}

static int set_socket_option_by_socketcall(void)
{
	unsigned long arguments[] = {(unsigned long)channel[1], SOL_SOCKET, SO_KEEPALIVE, 0, 0};

	return (int)syscall(SYS_socketcall, CALL_SETSOCKOPT, arguments);
}

static int pass_descriptor_by_socketcall(void)
{
	unsigned long arguments[] = {(unsigned long)channel[1], 0, 0};

	return (int)syscall(SYS_socketcall, CALL_SENDMSG, arguments);
}

#endif

static int execute(void)
{
	char *arguments[] = {"/bin/sh", NULL};

	return execve(arguments[0], arguments, arguments + 1);
}

static int execute_descriptor(void)
{
	char *arguments[] = {"sh", NULL};

	return (int)syscall(SYS_execveat, 0, "", arguments, arguments + 1, AT_EMPTY_PATH);
}

/* A child of it ends at once, with the status that is a failure of the test. */
static int make_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	return pid == 0 ? 0 : (int)pid;
}

static int make_process_newly(void)
{
	return (int)syscall(SYS_clone3, NULL, 0);
}

static int signal_init(void)
{
	return (int)syscall(SYS_kill, 1, 0);
}

static int signal_group(void)
{
	return (int)syscall(SYS_kill, 0, 0);
}

static int signal_thread(void)
{
	return (int)syscall(SYS_tgkill, 1, 1, 0);
}

static int signal_by_descriptor(void)
{
	return (int)syscall(SYS_pidfd_send_signal, 0, 0, NULL, 0);
}

static int trace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int read_memory_of_another(void)
{
	return (int)syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0);
}

static int open_process(void)
{
	return (int)syscall(SYS_pidfd_open, 1, 0);
}

static int become_root(void)
{
	return (int)syscall(SYS_setuid, 0);
}

static int become_roots_group(void)
{
	return (int)syscall(SYS_setgid, 0);
}

static int set_capabilities(void)
{
	return (int)syscall(SYS_capset, NULL, NULL);
}

static int leave_namespace(void)
{
	return (int)syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */);
}

static int map_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? -1
		       : 0;
}

static int map_writable_and_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED
		       ? -1
		       : 0;
}

static int make_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? -1 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int make_executable_by_key(void)
{
	return (int)syscall(SYS_pkey_mprotect, NULL, 4096, PROT_READ | PROT_EXEC, -1);
}

static int attach_executable(void)
{
	return (int)syscall(SYS_shmat, 0, NULL, 0100000 /* SHM_EXEC */);
}

static int make_file_in_memory(void)
{
	return (int)syscall(SYS_memfd_create, "x", 0);
}

static int change_personality(void)
{
	return (int)syscall(SYS_personality, 0x0400000 /* READ_IMPLIES_EXEC */);
}

static int push_input(void)
{
	return ioctl(pty.slave, TIOCSTI, "x");
}

static int open_slave(void)
{
	return ioctl(pty.master, TIOCGPTPEER, O_RDWR);
}

/* Either waits until the program's write(2) has ended, which may be never. */
static int set_modes_after_output(void)
{
	return tcsetattr(pty.master, TCSADRAIN, &(struct termios){0});
}

static int set_modes_and_flush(void)
{
	return tcsetattr(pty.master, TCSAFLUSH, &(struct termios){0});
}

static int take_controlling_terminal(void)
{
	return ioctl(pty.slave, TIOCSCTTY, 1);
}

static int paste_console(void)
{
	char paste = 3;

	return ioctl(pty.slave, TIOCLINUX, &paste);
}

static int change_line_discipline(void)
{
	const int slip = 1;

	return ioctl(pty.slave, TIOCSETD, &slip);
}

static int take_the_console(void)
{
	return ioctl(pty.slave, TIOCCONS);
}

/* The kernel looks at 32 bits of the request, and so must the filter. */
static int push_input_by_a_long_number(void)
{
	return (int)syscall(SYS_ioctl, pty.slave, 0x100000000UL | TIOCSTI, "x");
}

static int use_ring(void)
{
	return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int load_filter_program(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int raise_limit(void)
{
	const struct rlimit limit = {1024, 1024};

	return (int)syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
}

static int become_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1);
}

static int duplicate(void)
{
	return dup2(0, 63);
}

/* The last close of a terminal's master waits for the programs on it: not in the monitor. */
static int pass_descriptor(void)
{
	const struct message log = {.type = MESSAGE_LOG, .text = {"with a terminal"}};

	return message_send(channel[1], &log, pty.master);
}

static int add_key(void)
{
	return (int)syscall(SYS_keyctl, 0, 0);
}

/* `sanitizer` calls it by itself: the filter lets it through in such a build. */
static const struct refused {
	const char *name;
	inside *act;
	bool sanitizer;
} refused[] = {
	{"opening a file", open_file, true},
	{"creating a file", create_file, true},
	{"making a directory", make_directory, false},
	{"removing a file", remove_file, false},
	{"linking a file", link_file, false},
	{"renaming a file", rename_file, false},
	{"changing a file's mode", change_mode, false},
	{"changing a file's owner", change_owner, false},
	{"reading a directory", read_directory, false},
	{"changing the directory", change_directory, false},
	{"changing the root directory", change_root, false},
	{"mounting", mount_something, false},
	{"making a socket", make_socket, false},
	{"making a pair of sockets", make_socket_pair, false},
	{"connecting", connect_somewhere, false},
	{"binding", bind_somewhere, false},
	{"listening", listen_to_clients, false},
	{"accepting", accept_client, false},
	{"setting a socket option", set_socket_option, false},
	{"setting a socket option directly", set_socket_option_directly, false},
#ifdef SYS_socketcall
	{"making a socket by socketcall", make_socket_by_socketcall, false},
	{"setting a socket option by socketcall", set_socket_option_by_socketcall, false},
	{"passing a descriptor by socketcall", pass_descriptor_by_socketcall, false},
#endif
	{"executing a program", execute, false},
	{"executing a descriptor", execute_descriptor, false},
	{"making a process by clone", make_process, false},
	{"making a process by clone3", make_process_newly, false},
	{"signalling init", signal_init, false},
	{"signalling its group", signal_group, false},
	{"signalling a thread", signal_thread, false},
	{"signalling by a descriptor", signal_by_descriptor, false},
	{"tracing", trace, false},
	{"reading another's memory", read_memory_of_another, false},
	{"opening a process", open_process, false},
	{"becoming root", become_root, false},
	{"becoming root's group", become_roots_group, false},
	{"setting capabilities", set_capabilities, false},
	{"leaving the namespace", leave_namespace, false},
	{"mapping executable memory", map_executable, false},
	{"mapping writable and executable memory", map_writable_and_executable, false},
	{"making memory executable", make_executable, false},
	{"making memory executable by a key", make_executable_by_key, false},
	{"attaching executable memory", attach_executable, false},
	{"making a file in memory", make_file_in_memory, false},
	{"changing the personality", change_personality, false},
	{"TIOCSTI", push_input, false},
	{"TIOCSTI by a long number", push_input_by_a_long_number, false},
	{"TIOCGPTPEER as the controlling terminal", open_slave, false},
	{"TCSADRAIN", set_modes_after_output, false},
	{"TCSAFLUSH", set_modes_and_flush, false},
	{"TIOCSCTTY", take_controlling_terminal, false},
	{"TIOCLINUX", paste_console, false},
	{"TIOCSETD", change_line_discipline, false},
	{"TIOCCONS", take_the_console, false},
	{"io_uring", use_ring, false},
	{"bpf", load_filter_program, false},
	{"raising a limit", raise_limit, false},
	{"becoming dumpable", become_dumpable, true},
	{"duplicating a descriptor", duplicate, false},
	{"passing a descriptor", pass_descriptor, false},
	{"keys", add_key, false},
};

static void the_filter_kills_for_every_other_system_call(void **state)
{
	size_t wrong = 0;

	(void)state;
	need_filter();
	for (size_t i = 0; i < LENGTH(refused); i++) {
		int status;

		if (SANITIZED && refused[i].sanitizer)
			continue;
		status = run_inside(&sandbox, refused[i].act);
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
			continue;
		print_error("%s is not refused: status %#x\n", refused[i].name, (unsigned)status);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

#ifdef __x86_64__

static int call_as_32_bit_program(void)
{
	long result = 20; /* getpid(2) there, writev(2) here */

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return WENT_WELL;
}

static int call_as_x32_program(void)
{
	return (int)syscall(0x40000000 | SYS_read, -1, NULL, 0);
}

static void the_filter_kills_for_another_architectures_system_calls(void **state)
{
	inside *const acts[] = {call_as_32_bit_program, call_as_x32_program};

	(void)state;
	need_filter();
	for (size_t i = 0; i < LENGTH(acts); i++) {
		int status = run_inside(&sandbox, acts[i]);

		assert_true(WIFSIGNALED(status));
		/* A kernel without 32-bit programs has no such gate, which is a SIGSEGV. */
		if (WTERMSIG(status) != SIGSEGV)
			assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

#endif

/* --- what was given up -------------------------------------------------------------------- */

/* The directory is root's alone: it is not even said that there is nothing in it. */
static bool is_out_of_reach(const char *path, int how)
{
	return open(path, how, 0600) < 0 && (errno == EACCES || errno == ENOENT);
}

static int find_nothing(void)
{
	STEP(1, is_out_of_reach("/etc/passwd", O_RDONLY));
	STEP(2, is_out_of_reach("/proc/self/status", O_RDONLY));
	STEP(3, is_out_of_reach("/dev/null", O_RDWR));
	STEP(4, is_out_of_reach("../../../../etc/passwd", O_RDONLY));
	STEP(5, is_out_of_reach("/x", O_WRONLY | O_CREAT));
	STEP(6, mkdir("/x", 0700) < 0);
	STEP(7, chroot(".") < 0);
	return WENT_WELL;
}

static void the_root_directory_is_empty_and_stays_so(void **state)
{
	struct sandbox box = without_filter();

	(void)state;
	need_root();
	assert_went_well(&box, find_nothing);
}

static int be_nobody(void)
{
	uid_t user[3];
	gid_t group[3];

	STEP(1, getresuid(&user[0], &user[1], &user[2]) == 0);
	STEP(2, user[0] == sandbox.user && user[1] == sandbox.user && user[2] == sandbox.user);
	STEP(3, getresgid(&group[0], &group[1], &group[2]) == 0);
	STEP(4,
	     group[0] == sandbox.group && group[1] == sandbox.group && group[2] == sandbox.group);
	STEP(5, getgroups(0, NULL) == 0);
	STEP(6, setuid(0) < 0 && setreuid(0, 0) < 0 && setresuid(0, 0, 0) < 0);
	STEP(7, setgid(0) < 0 && setgroups(0, NULL) < 0);
	STEP(8, kill(getppid(), 0) < 0 && errno == EPERM);
	return WENT_WELL;
}

static void the_user_is_given_up_for_good(void **state)
{
	struct sandbox box = without_filter();

	(void)state;
	need_root();
	assert_int_not_equal(sandbox.user, 0);
	assert_int_not_equal(sandbox.group, 0);
	assert_went_well(&box, be_nobody);
}

static int have_no_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct own[_LINUX_CAPABILITY_U32S_3];

	STEP(1, syscall(SYS_capget, &header, own) == 0);
	for (size_t i = 0; i < LENGTH(own); i++) {
		STEP(2, own[i].effective == 0);
		STEP(3, own[i].permitted == 0);
		STEP(4, own[i].inheritable == 0);
	}
	return WENT_WELL;
}

static int have_no_capability_to_gain(void)
{
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		STEP(1, prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 1);
	return WENT_WELL;
}

static void no_capability_can_be_gained(void **state)
{
	struct sandbox box = without_filter();

	(void)state;
	need_root();
	assert_went_well(&box, have_no_capability_to_gain);
}

static void no_capability_is_left(void **state)
{
	struct sandbox box = without_filter();

	(void)state;
	need_no_valgrind();
	assert_went_well(&box, have_no_capabilities);
}

static int be_closed(void)
{
	STEP(1, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	STEP(2, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	return WENT_WELL;
}

static void no_privileges_can_be_gained_and_nobody_may_look_inside(void **state)
{
	struct sandbox box = without_filter();

	(void)state;
	need_no_valgrind();
	assert_went_well(&box, be_closed);
}

static int meet_limits(void)
{
	const struct rlimit more = {DESCRIPTORS + 1, DESCRIPTORS + 1};
	struct rlimit limit;
	int last = -1;

	STEP(1, getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
	STEP(2, getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_max == 0);
	STEP(3, getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max == DESCRIPTORS);
	STEP(4, getrlimit(RLIMIT_FSIZE, &limit) == 0 && (SANITIZED || limit.rlim_max == 0));
	STEP(5, setrlimit(RLIMIT_NOFILE, &more) < 0);
	for (int i = 0; i <= DESCRIPTORS; i++)
		last = dup(0);
	STEP(6, last < 0 && errno == EMFILE);
	return WENT_WELL;
}

static void limits_are_set_and_cannot_be_raised(void **state)
{
	struct sandbox box = without_filter();

	(void)state;
	need_root(); /* who could raise them again before the filter forbade it */
	assert_went_well(&box, meet_limits);
}

static int have_no_children(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(WENT_WELL);
	STEP(1, pid < 0 && errno == EAGAIN);
	return WENT_WELL;
}

static void no_process_can_be_made_without_the_filter_either(void **state)
{
	struct sandbox box = without_filter();

	(void)state;
	need_root(); /* a user who has no processes but these */
	assert_went_well(&box, have_no_children);
}

/* --- preparing ---------------------------------------------------------------------------- */

static void preparing_leaves_nothing_behind(void **state)
{
	size_t before = open_descriptors();
	struct sandbox another;
	struct stat root;
	const char *what;

	(void)state;
	need_no_valgrind();
	assert_int_equal(sandbox_prepare(&another, &what), 0);
	assert_int_equal(another.privileged, geteuid() == 0);
	if (another.privileged) {
		assert_int_equal(fstat(another.root, &root), 0);
		assert_int_equal(root.st_nlink, 0); /* it has no name any more */
		assert_int_equal(root.st_uid, 0);
		assert_int_equal(fcntl(another.root, F_GETFD), FD_CLOEXEC);
	}
	sandbox_free(&another);
	assert_int_equal(open_descriptors(), before);
}

#define in_sandbox(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_sandbox(entering_works),
		in_sandbox(reading_and_writing_work),
		in_sandbox(waiting_for_events_works),
		in_sandbox(controlling_the_terminal_works),
		in_sandbox(asking_a_socket_for_its_urgent_mark_works),
		in_sandbox(holding_segments_back_works),
		in_sandbox(taking_a_descriptor_and_answering_work),
		in_sandbox(using_memory_works),
		in_sandbox(memory_has_a_limit),
		in_sandbox(the_filter_kills_for_every_other_system_call),
#ifdef __x86_64__
		in_sandbox(the_filter_kills_for_another_architectures_system_calls),
#endif
		in_sandbox(the_root_directory_is_empty_and_stays_so),
		in_sandbox(the_user_is_given_up_for_good),
		in_sandbox(no_capability_is_left),
		in_sandbox(no_capability_can_be_gained),
		in_sandbox(no_privileges_can_be_gained_and_nobody_may_look_inside),
		in_sandbox(limits_are_set_and_cannot_be_raised),
		in_sandbox(no_process_can_be_made_without_the_filter_either),
		in_sandbox(preparing_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, prepare, finish);
}
