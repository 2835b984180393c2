# SPDX-License-Identifier: ISC
#
# Logs in by Perl's Net::Telnet as its manual does, runs a command and prints what that printed:
#	perl log_in.pl PORT USER PASSWORD PROMPT COMMAND
use strict;
use warnings;
use Net::Telnet;

my ($port, $user, $password, $prompt, $command) = @ARGV;
my $connection = Net::Telnet->new(
	Host => '127.0.0.1', Port => $port, Prompt => "/$prompt\$/", Timeout => 20);
$connection->login($user, $password);
print 'printed: ', join('|', $connection->cmd($command)), "\n";
$connection->print('exit');
1 while defined $connection->get;
