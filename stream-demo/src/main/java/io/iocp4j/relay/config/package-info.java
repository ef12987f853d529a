/**
 * The settings of a program: flags of the command line, variables of the environment, and a file.
 *
 * <p>A {@link io.iocp4j.relay.config.Setting} is a constant: it names a value, says what it takes, and has a default.
 * The parts of the relay declare their settings, each in one class. {@link io.iocp4j.relay.config.Settings} holds the
 * values of one run. It is immutable, and any thread may read it. Flags replace variables of the environment, which
 * replace lines of the file, which replace defaults. {@link io.iocp4j.relay.config.SettingsHelp} writes the text of
 * {@code --help} from the settings, so the two cannot differ.
 *
 * <p>Nothing here knows the relay, logs, or keeps a file open. Reading blocks for the time that the file takes.
 */
package io.iocp4j.relay.config;
