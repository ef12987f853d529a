package io.iocp4j.core;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command that starts another JVM as this one runs: the same JDK, and the same engine of completion ports. */
public final class JavaProgram {
    private JavaProgram() {
    }

    /**
     * Puts the program and the engine before the arguments.
     *
     * @param arguments options of the JVM, the main class or module, and its arguments
     * @return a new list
     */
    public static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        String engine = System.getProperty(PortOptions.ENGINE_PROPERTY);
        if (engine != null) {
            command.add("-D" + PortOptions.ENGINE_PROPERTY + "=" + engine);
        }
        command.addAll(List.of(arguments));
        return command;
    }
}
