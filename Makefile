# SPDX-License-Identifier: ISC
#
# make                    build telnetd, the client telnet, and libnvt
# make run                build and start telnetd on this machine, for yourself only
# make check              build and run all tests
# make check-unit         only the unit tests
# make check-e2e          only the end-to-end tests
# make check-net          mail, FTP and name servers in a network of the tests' own (as root)
# make check-valgrind     the unit tests under valgrind
# make check-sanitize     all tests under AddressSanitizer and UndefinedBehaviorSanitizer
# make check-fresh        README's two commands on a bare Debian, made for it (as root)
# make check-fresh SUITE=trixie ARCH=i386     with another release than bookworm, and architecture
# make check-musl         build telnetd with musl on a bare Debian, and run the unit tests (as root)
# make bench              measure against other servers: writes tests/bench/RESULTS.md, README's table
# make bench ONLY=echo    a part of it (flood flood-ff paste echo compress sessions memory interrupt)
# make fuzz               fuzz libnvt and the monitor, a minute for each target
# make fuzz TIME=600 ONLY=nvt_server      another time in seconds, one target; RUNS=10000000 counts
# make fuzz-corpus        keep of it what reaches new code, in tests/fuzz/corpus
# make lint               formatting, static analysis, scripts, manual pages, the README's figures
# make format             format the sources
# make install            into DESTDIR and PREFIX; without DESTDIR root also makes the user telnetd
# make install INSTALL_CLIENT=no INSTALL_STRIP=     without the client telnet, with symbols
# make uninstall
# make clean
# make help               this text
#
# run, check, bench, fuzz and lint first install what they miss, through contrib/install-deps.
#
# Variables: BUILD (where to build), SANITIZE=1, SECCOMP=no, EDIT=no, PORT and LOGIN (for run), JOBS,
# ONLY, REPEAT, CONTENDERS and AWAKE (for bench), TIME, RUNS and ONLY (for fuzz), SUITE and ARCH (for
# check-fresh and check-musl), INSTALL_CLIENT=no and INSTALL_STRIP= (for install), V=1 (show whole
# commands), and the usual CC, CPPFLAGS, CFLAGS, LDFLAGS, PKG_CONFIG, DESTDIR, PREFIX, SBINDIR,
# UNITDIR and the like.

VERSION = 0.1.0

BUILD ?= build
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/telnetd
UNITDIR ?= $(PREFIX)/lib/systemd/system
INSTALL_CLIENT ?= yes
INSTALL_STRIP ?= -s
PKG_CONFIG ?= pkg-config
INSTALL ?= install
OBJCOPY ?= objcopy
PORT ?= 2323
LOGIN ?= $${SHELL:-/bin/sh}
JOBS ?= $(shell nproc 2>/dev/null || echo 1)

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

.PHONY: all
all:

# ---- Libraries -----------------------------------------------------------------------------

# Where pkg-config or a library is missing these stay empty; `required` below says so.
REQUIRED := libtelnet libevent_core libconfuse zlib
has = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo yes)
# A statically linked program needs the libraries of its libraries, too.
STATIC := $(filter -static -static-pie,$(LDFLAGS))
package_flags = $(shell $(PKG_CONFIG) $(if $(STATIC),--static) $(1) $(2) 2>/dev/null)

ifneq ($(SECCOMP),no)
HAVE_SECCOMP := $(call has,libseccomp)
endif
ifneq ($(EDIT),no)
HAVE_LIBEDIT := $(call has,libedit)
endif
TELNETD_PACKAGES := libevent_core libconfuse $(if $(HAVE_SECCOMP),libseccomp)

NVT_LIBS := $(call package_flags,--libs,libtelnet zlib)
PTY_LIBS := -lutil
TELNETD_LIBS := $(call package_flags,--libs,$(TELNETD_PACKAGES))
TELNET_LIBS := $(if $(HAVE_LIBEDIT),$(call package_flags,--libs,libedit))
PACKAGE_CFLAGS := $(call package_flags,--cflags,libtelnet zlib $(TELNETD_PACKAGES) \
	$(if $(HAVE_LIBEDIT),libedit))
CMOCKA_LIBS = -lcmocka

# ---- Flags ---------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes
ifeq ($(SANITIZE),1)
HARDENING := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -O1
LINK_HARDENING := -fsanitize=address,undefined
else ifeq ($(FUZZ),1)
# Comparisons are not traced: it takes twice the time, and the grammars know the words.
HARDENING := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
	-fno-sanitize-coverage=trace-cmp -fno-omit-frame-pointer -O2 \
	-Wno-missing-field-initializers # of <seccomp.h>'s macros
LINK_HARDENING := -fsanitize=fuzzer,address,undefined
else
HARDENING := -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

# What every compiler and checker must know to read the sources, and how they are compiled.
SOURCE_FLAGS := -std=c11 -D_GNU_SOURCE -I. -DTELNETD_VERSION='"$(VERSION)"' \
	$(if $(HAVE_SECCOMP),-DHAVE_SECCOMP) $(if $(HAVE_LIBEDIT),-DHAVE_LIBEDIT)
COMPILE = $(CC) $(SOURCE_FLAGS) $(WARNINGS) $(HARDENING) -g -fstack-protector-strong -fPIE \
	$(PACKAGE_CFLAGS)
LINK = $(CC) $(LINK_HARDENING) -Wl,-z,relro,-z,now

# ---- Sources -------------------------------------------------------------------------------

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)))
programs = $(patsubst %.c,$(BUILD)/%,$(wildcard $(1)))

NVT_OBJECTS := $(call objects,nvt/*.c)
PTY_OBJECTS := $(call objects,pty/*.c)
TELNETD_MAIN := $(call objects,telnetd/main.c)
TELNETD_OBJECTS := $(filter-out $(TELNETD_MAIN),$(call objects,telnetd/*.c))
TELNET_OBJECTS := $(call objects,contrib/telnet/*.c)
SUPPORT_OBJECTS := $(call objects,tests/e2e/support/*.c)
NET_SUPPORT_OBJECTS := $(call objects,tests/net/support/*.c)

UNIT_TESTS := $(call programs,tests/unit/test_*.c)
E2E_TESTS := $(call programs,tests/e2e/test_*.c)
NET_TESTS := $(call programs,tests/net/test_*.c)
TEST_PROGRAMS := $(patsubst tests/e2e/programs/%.c,$(BUILD)/tests/programs/%,\
	$(wildcard tests/e2e/programs/*.c))

# A fuzz target is one file; what else is there is linked with each.
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SHARED := $(call objects,$(filter-out tests/fuzz/fuzz_%.c tests/fuzz/replay.c,\
	$(wildcard tests/fuzz/*.c)))
FUZZERS := $(addprefix $(BUILD)/tests/fuzz/fuzz_,$(FUZZ_TARGETS))
REPLAYS := $(addprefix $(BUILD)/tests/fuzz/replay_,$(FUZZ_TARGETS))

BENCH := $(BUILD)/bench
BENCH_SERVERS := $(addprefix $(BENCH)/,superserver relay)
BENCH_PROGRAMS := $(patsubst tests/bench/programs/%.c,$(BENCH)/programs/%,\
	$(wildcard tests/bench/programs/*.c))
LOAD_OBJECTS := $(patsubst %,$(BUILD)/obj/tests/bench/%.o,\
	load server client flow echo crowd interrupt)

ALL_OBJECTS := $(NVT_OBJECTS) $(PTY_OBJECTS) $(TELNETD_MAIN) $(TELNETD_OBJECTS) \
	$(TELNET_OBJECTS) \
	$(SUPPORT_OBJECTS) $(NET_SUPPORT_OBJECTS) $(call objects,tests/unit/test_*.c \
	tests/e2e/test_*.c tests/e2e/programs/*.c tests/net/test_*.c tests/fuzz/*.c \
	tests/bench/*.c tests/bench/programs/*.c)

# The archives in the order in which the linker needs them.
ARCHIVES := $(BUILD)/libtelnetd.a $(BUILD)/libnvt.a $(BUILD)/libpty.a

# ---- Building ------------------------------------------------------------------------------

all: $(if $(TELNETD_MAIN),$(BUILD)/telnetd) $(BUILD)/telnet $(ARCHIVES) $(BUILD)/libnvt.so \
	$(BUILD)/installed/libnvt.a

.PHONY: tests
tests: all $(UNIT_TESTS) $(REPLAYS) $(E2E_TESTS) $(NET_TESTS) $(TEST_PROGRAMS)

show = @mkdir -p $(@D)$(if $(V),,; echo '  $(1)')
quiet = $(if $(V),,@)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | required
	$(call show,CC    $<)
	$(quiet)$(COMPILE) $(EXTRA_FLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# libnvt.a and libnvt.so are made of the same objects, and nvt.h says what of them others see.
NVT_FLAGS := -fPIC -fvisibility=hidden
$(NVT_OBJECTS): EXTRA_FLAGS = $(NVT_FLAGS)

# Tests find the programs that they try, and files beside their source, from any directory. What
# cmocka 2 wants in place of older calls is not in cmocka 1.
$(BUILD)/obj/tests/%.o: EXTRA_FLAGS = -DTEST_BUILD_DIRECTORY='"$(abspath $(BUILD))"' \
	-DTEST_SOURCE_DIRECTORY='"$(CURDIR)"' -DCMOCKA_DISABLE_DEPRECATION_WARNINGS

$(BUILD)/libnvt.a: $(NVT_OBJECTS)
$(BUILD)/libpty.a: $(PTY_OBJECTS)
$(BUILD)/libtelnetd.a: $(TELNETD_OBJECTS)
$(ARCHIVES): $(BUILD)/members
	$(call show,AR    $@)
	@rm -f $@
	$(quiet)$(AR) rcs $@ $(filter %.o,$^)

# As it is installed, of one object: a hidden name would be in the way of another's all the same.
$(BUILD)/installed/libnvt.a: $(NVT_OBJECTS) $(BUILD)/members
	$(call show,AR    $@)
	@rm -f $@
	$(quiet)$(CC) -r -nostdlib -o $(@:.a=.o) $(filter %.o,$^)
	$(quiet)$(OBJCOPY) --localize-hidden $(@:.a=.o)
	$(quiet)$(AR) rcs $@ $(@:.a=.o)

$(BUILD)/libnvt.so.0: $(NVT_OBJECTS) $(BUILD)/members
	$(call show,LINK  $@)
	$(quiet)$(LINK) -shared -Wl,-soname,libnvt.so.0,--exclude-libs,ALL $(filter-out $(STATIC),$(LDFLAGS)) -o $@ $(filter %.o,$^) $(NVT_LIBS)

$(BUILD)/libnvt.so: $(BUILD)/libnvt.so.0
	$(quiet)ln -sf libnvt.so.0 $@

$(BUILD)/telnetd: $(TELNETD_MAIN) $(ARCHIVES)
	$(call show,LINK  $@)
	$(quiet)$(LINK) -pie $(LDFLAGS) -o $@ $^ $(TELNETD_LIBS) $(NVT_LIBS) $(PTY_LIBS)

$(BUILD)/telnet: $(TELNET_OBJECTS) $(BUILD)/libnvt.a
	$(call show,LINK  $@)
	$(quiet)$(LINK) -pie $(LDFLAGS) -o $@ $^ $(TELNET_LIBS) $(NVT_LIBS)

$(E2E_TESTS) $(NET_TESTS): $(SUPPORT_OBJECTS)
$(NET_TESTS): $(NET_SUPPORT_OBJECTS)
# The client's hostile servers speak by the fuzzers' scripts.
$(BUILD)/tests/e2e/test_telnet: $(FUZZ_SHARED)
$(UNIT_TESTS) $(E2E_TESTS) $(NET_TESTS): $(BUILD)/%: $(BUILD)/obj/%.o $(ARCHIVES)
	$(call show,LINK  $@)
	$(quiet)$(LINK) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(ARCHIVES) \
		$(TELNETD_LIBS) $(NVT_LIBS) $(PTY_LIBS) $(CMOCKA_LIBS)

# What the fuzzers have found before is tried again by every make check, with any compiler.
FUZZ_LIBS = $(TELNETD_LIBS) $(NVT_LIBS) $(PTY_LIBS)
$(REPLAYS): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o \
		$(BUILD)/obj/tests/fuzz/replay.o $(FUZZ_SHARED) $(ARCHIVES)
	$(call show,LINK  $@)
	$(quiet)$(LINK) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(ARCHIVES) $(FUZZ_LIBS) \
		$(CMOCKA_LIBS)

$(FUZZERS): $(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) \
		$(ARCHIVES)
	$(call show,LINK  $@)
	$(quiet)$(LINK) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(ARCHIVES) $(FUZZ_LIBS)

ifeq ($(FUZZ),1)
# What is looked for is new ground in the code under test, not in the checks around it.
$(BUILD)/obj/tests/fuzz/%.o: EXTRA_FLAGS += -fno-sanitize=fuzzer-no-link
endif

$(TEST_PROGRAMS): $(BUILD)/tests/programs/%: $(BUILD)/obj/tests/e2e/programs/%.o
	$(call show,LINK  $@)
	$(quiet)$(LINK) -pie $(LDFLAGS) -o $@ $< $(PTY_LIBS)

$(BENCH)/load: $(LOAD_OBJECTS)
$(BENCH)/load: BENCH_LIBS := $(call package_flags,--libs,zlib)
$(BENCH_SERVERS) $(BENCH)/bare: $(BENCH)/%: $(BUILD)/obj/tests/bench/%.o
$(BENCH_SERVERS): $(BUILD)/obj/tests/bench/listen.o
$(BENCH_PROGRAMS): $(BENCH)/programs/%: $(BUILD)/obj/tests/bench/programs/%.o
$(BENCH)/load $(BENCH)/bare $(BENCH_SERVERS) $(BENCH_PROGRAMS):
	$(call show,LINK  $@)
	$(quiet)$(LINK) -pie $(LDFLAGS) -o $@ $^ $(PTY_LIBS) $(BENCH_LIBS)

# Other flags, or a file that has gone, are a reason to build again.
quote = '$(subst ','\'',$(1))'
changed = mkdir -p $(@D); printf '%s\n' $(call quote,$(1)) | cmp -s - $@ || \
	printf '%s\n' $(call quote,$(1)) >$@
$(BUILD)/flags: FORCE
	@$(call changed,$(COMPILE) $(NVT_FLAGS) $(CPPFLAGS) $(CFLAGS) $(LINK) $(LDFLAGS))
$(BUILD)/members: FORCE
	@$(call changed,$(NVT_OBJECTS) $(PTY_OBJECTS) $(TELNETD_OBJECTS) $(TELNET_OBJECTS))
.PHONY: FORCE
FORCE:

# A plain make installs nothing: it says what is missing.
.PHONY: required
required:
	@missing=; for package in $(REQUIRED); do \
		$(PKG_CONFIG) --exists $$package 2>/dev/null || missing="$$missing $$package"; \
	done; \
	if ! command -v $(PKG_CONFIG) >/dev/null; then \
		echo "$(PKG_CONFIG) is missing; contrib/install-deps installs it and the libraries" >&2; \
		exit 1; \
	elif [ -n "$$missing" ]; then \
		echo "missing libraries:$$missing; contrib/install-deps installs them" >&2; \
		exit 1; \
	fi
ifneq ($(SECCOMP),no)
ifneq ($(HAVE_SECCOMP),yes)
	@echo "libseccomp is missing: telnetd is built without its system-call filter" >&2
endif
endif
ifneq ($(EDIT),no)
ifneq ($(HAVE_LIBEDIT),yes)
	@echo "libedit is missing: telnet is built without its editor of lines" >&2
endif
endif

-include $(ALL_OBJECTS:.o=.d)

# ---- Running and testing -------------------------------------------------------------------

# A make of its own, which sees the libraries that have just been installed.
AGAIN = +$(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: run
run:
	@contrib/install-deps build
	@$(AGAIN) all
	@exec $(BUILD)/telnetd --foreground --bind 127.0.0.1:$(PORT) --same-user \
		--login "$(LOGIN)"

.PHONY: check check-unit check-e2e check-valgrind check-sanitize
check check-unit check-e2e check-valgrind:
	@contrib/install-deps build check
	@$(AGAIN) tests
	@BUILD='$(abspath $(BUILD))' tests/run $(RUN_OPTIONS) $(RUN_BESIDE) \
		$(RUN_TESTS)

check: RUN_TESTS = $(UNIT_TESTS) $(REPLAYS) $(E2E_TESTS)
check-unit: RUN_TESTS = $(UNIT_TESTS) $(REPLAYS)
check-e2e: RUN_TESTS = $(E2E_TESTS)
check check-e2e: RUN_BESIDE = $(patsubst %,--beside $(BUILD)/tests/e2e/test_%,\
	relay session scripts foreign_clients)
check-valgrind: RUN_TESTS = $(UNIT_TESTS) $(REPLAYS)
check-valgrind: RUN_OPTIONS = --limit 300 --wrapper "valgrind -q --error-exitcode=99 \
	--leak-check=full --errors-for-leak-kinds=definite,possible --trace-children=no \
	--suppressions=$(CURDIR)/tests/valgrind.supp"

# The client's hostile servers are tried once more, by the user at the desk. 77: there can be no
# network here, which has been said.
.PHONY: check-net
check-net:
	@contrib/install-deps build check net
	@$(AGAIN) tests
	@BUILD='$(abspath $(BUILD))' tests/net/network tests/run $(RUN_OPTIONS) $(NET_TESTS) \
		$(BUILD)/tests/e2e/test_telnet </dev/null || [ $$? -eq 77 ]

# tests/fresh/check tells where the system comes from, and what is kept.
.PHONY: check-fresh check-musl
check-fresh:
	@contrib/install-deps fresh
	@tests/fresh/check $(or $(SUITE),bookworm) $(ARCH)
check-musl:
	@contrib/install-deps fresh
	@tests/fresh/check --as musl $(or $(SUITE),trixie) $(ARCH)

# Reports go to files where they can, since the standard error of a daemon is not the test's.
REPORTS = $(abspath build-sanitize/reports)
SANITIZER_OPTIONS = print_stacktrace=1:halt_on_error=1:exitcode=98:log_path=$(REPORTS)/report
check-sanitize:
	@ASAN_OPTIONS='$(SANITIZER_OPTIONS):detect_stack_use_after_return=1' \
	UBSAN_OPTIONS='$(SANITIZER_OPTIONS)' \
	$(MAKE) --no-print-directory BUILD=build-sanitize SANITIZE=1 \
		RUN_OPTIONS='--limit 300 --reports $(REPORTS)' check

# REPEAT=3 for fewer repetitions; tests/bench/run tells the rest.
.PHONY: bench bench-programs
bench-programs: $(BUILD)/telnetd $(BENCH)/load $(BENCH)/bare $(BENCH_SERVERS) $(BENCH_PROGRAMS)
bench:
	@contrib/install-deps build bench
	@$(AGAIN) bench-programs
	@BUILD='$(abspath $(BUILD))' ONLY='$(ONLY)' REPEAT='$(REPEAT)' AWAKE='$(AWAKE)' tests/bench/run

# tests/fuzz/run tells what TIME, RUNS and ONLY are.
.PHONY: fuzz fuzz-programs
fuzz-programs: $(FUZZERS)
fuzz:
	@contrib/install-deps build fuzz
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD='$(BUILD)/fuzz' FUZZ=1 CC=clang fuzz-programs
	@BUILD='$(abspath $(BUILD)/fuzz)' TIME='$(TIME)' RUNS='$(RUNS)' JOBS='$(JOBS)' \
		tests/fuzz/run $(or $(ONLY),$(FUZZ_TARGETS))

# Keeps of what fuzzing has found what reaches code that the corpus in the sources does not.
.PHONY: fuzz-corpus
fuzz-corpus:
	@mkdir -p $(BUILD)/fuzz/findings
	@for target in $(or $(ONLY),$(FUZZ_TARGETS)); do \
		$(BUILD)/fuzz/tests/fuzz/fuzz_$$target -merge=1 -use_counters=0 -max_len=512 \
			-artifact_prefix=$(BUILD)/fuzz/findings/$$target- \
			tests/fuzz/corpus/$$target $(BUILD)/fuzz/corpus/$$target 2>&1 | tail -n 1; \
	done

# ---- Lint ----------------------------------------------------------------------------------

FOLDERS := $(wildcard nvt pty telnetd tests contrib)
SOURCES = $(shell find $(FOLDERS) -name '*.c')
HEADERS = $(shell find $(FOLDERS) -name '*.h')
SCRIPTS = $(shell find $(FOLDERS) .ci -type f -exec grep -lIE '^\#!.*[ /](ba)?sh( |$$)' {} +)
PAGES = $(shell find $(FOLDERS) -name '*.[18]')
LINTS := lint-format lint-optional lint-unsigned lint-cppcheck lint-tidy lint-scripts lint-pages lint-license \
	lint-figures

.PHONY: lint format $(LINTS)
lint:
	@contrib/install-deps build lint
	@$(AGAIN) --keep-going --output-sync=target $(LINTS)

lint-format:
	clang-format --dry-run -Werror $(SOURCES) $(HEADERS)

# What is built without an optional library, as by SECCOMP=no and EDIT=no.
lint-optional:
	grep -lE '^#.*\<HAVE_' $(SOURCES) | xargs -I FILE $(CC) -fsyntax-only -Werror \
		$(filter-out -DHAVE_%,$(SOURCE_FLAGS)) $(WARNINGS) $(PACKAGE_CFLAGS) \
		-DTEST_BUILD_DIRECTORY='"build"' -DTEST_SOURCE_DIRECTORY='"."' FILE

# What is built on machines whose char is unsigned.
lint-unsigned:
	printf '%s\n' $(SOURCES) | xargs -P $(JOBS) -I FILE $(CC) -fsyntax-only -funsigned-char -Werror \
		$(SOURCE_FLAGS) $(WARNINGS) $(PACKAGE_CFLAGS) \
		-DTEST_BUILD_DIRECTORY='"build"' -DTEST_SOURCE_DIRECTORY='"."' FILE

# A NULL that ends a list of arguments is a pointer here: the compiler checks that (sentinel).
lint-cppcheck:
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
		--inline-suppr --suppress=missingIncludeSystem --suppress=varFuncNullUB \
		-D_GNU_SOURCE -DHAVE_SECCOMP -I. $(SOURCES)

# The checks are in .clang-tidy.
lint-tidy:
	printf '%s\n' $(SOURCES) | xargs -P $(JOBS) -I FILE clang-tidy --quiet FILE -- \
		$(SOURCE_FLAGS) $(PACKAGE_CFLAGS) \
		-DTEST_BUILD_DIRECTORY='"build"' -DTEST_SOURCE_DIRECTORY='"."'

lint-scripts:
	shellcheck $(SCRIPTS)

lint-pages:
	$(if $(PAGES),mandoc -T lint -W warning $(PAGES))

lint-license:
	@for file in $(SOURCES) $(HEADERS) $(SCRIPTS); do \
		head -n 2 "$$file" | grep -q 'SPDX-License-Identifier: ' || \
			{ echo "$$file: no SPDX-License-Identifier in its first two lines"; bad=1; }; \
	done; [ -z "$$bad" ]

# The README's figures are those of the last whole run.
lint-figures:
	tests/bench/readme

format:
	clang-format -i $(SOURCES) $(HEADERS)

# ---- Installing ----------------------------------------------------------------------------

CLIENT_INSTALLED = $(BINDIR)/telnet $(MANDIR)/man1/telnet.1
INSTALLED = $(SBINDIR)/telnetd $(MANDIR)/man8/telnetd.8 $(DOCDIR)/telnetd.conf \
	$(addprefix $(UNITDIR)/,telnetd.service telnetd.socket telnetd@.service) \
	$(if $(filter no,$(INSTALL_CLIENT)),,$(CLIENT_INSTALLED)) \
	$(INCLUDEDIR)/nvt.h $(LIBDIR)/libnvt.a $(LIBDIR)/libnvt.so.0 $(LIBDIR)/libnvt.so \
	$(LIBDIR)/pkgconfig/libnvt.pc
install_file = $(INSTALL) -m 644 $(1) $(DESTDIR)$(2)
install_program = $(INSTALL) $(INSTALL_STRIP) -m 755 $(1) $(DESTDIR)$(2)
# Some versions of install(1) make directories as the umask says, and the shell makes files so. If the
# file is a link, as of a masked unit to /dev/null, the link is removed first: install(1) does so, too.
install_edited = umask 022 && rm -f $(DESTDIR)$(3) && sed $(1) $(2) >$(DESTDIR)$(3) && \
	chmod 644 $(DESTDIR)$(3)
install_unit = $(call install_edited,-e 's|/usr/local/sbin|$(SBINDIR)|',contrib/systemd/$(1),$(UNITDIR)/$(1))
# What only root can do, and a package (DESTDIR) does by its own means.
as_root = @[ -n '$(DESTDIR)' ] || [ "$$(id -u)" -ne 0 ] || { PATH=$$PATH:/usr/sbin:/sbin; $(1); }
refresh_linker = $(call as_root,! command -v ldconfig >/dev/null || ldconfig)
NOLOGIN = /usr/sbin/nologin
make_user = $(call as_root,id telnetd >/dev/null 2>&1 || { \
	if command -v useradd >/dev/null; then \
		useradd --system --user-group --no-create-home --home-dir /nonexistent \
			--shell $(NOLOGIN) --comment 'telnetd workers' telnetd; \
	else \
		adduser -S -D -H -h /nonexistent -s $(NOLOGIN) -g 'telnetd workers' telnetd; \
	fi; } || echo 'no user telnetd can be made: workers will run as nobody' >&2)

.PHONY: install uninstall clean help
install: all
	umask 022 && $(INSTALL) -d $(sort $(dir $(addprefix $(DESTDIR),$(INSTALLED))))
	$(call install_program,$(BUILD)/telnetd,$(SBINDIR)/telnetd)
	$(call install_file,telnetd/telnetd.8,$(MANDIR)/man8/telnetd.8)
	$(call install_file,contrib/telnetd.conf,$(DOCDIR)/telnetd.conf)
	$(call install_unit,telnetd.service)
	$(call install_unit,telnetd.socket)
	$(call install_unit,telnetd@.service)
ifneq ($(INSTALL_CLIENT),no)
	$(call install_program,$(BUILD)/telnet,$(BINDIR)/telnet)
	$(call install_file,contrib/telnet/telnet.1,$(MANDIR)/man1/telnet.1)
endif
	$(call install_file,nvt/nvt.h,$(INCLUDEDIR)/nvt.h)
	$(call install_file,$(BUILD)/installed/libnvt.a,$(LIBDIR)/libnvt.a)
	$(call install_program,$(BUILD)/libnvt.so.0,$(LIBDIR)/libnvt.so.0)
	ln -sf libnvt.so.0 $(DESTDIR)$(LIBDIR)/libnvt.so
	$(call install_edited,-e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|',\
		nvt/libnvt.pc.in,$(LIBDIR)/pkgconfig/libnvt.pc)
	$(refresh_linker)
	$(make_user)

# The user stays: it may own files by now.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	@rmdir $(DESTDIR)$(DOCDIR) 2>/dev/null || true
	$(refresh_linker)

clean:
	rm -rf $(BUILD) build-sanitize

help:
	@sed -n '3,/^$$/s/^# \{0,1\}//p' Makefile
