package io.iocp4j.relay;

import io.iocp4j.jna.service.ServiceException;
import io.iocp4j.jna.service.ServiceProgram;
import io.iocp4j.jna.service.WindowsService;
import io.iocp4j.relay.access.AccessSettings;
import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.SettingException;
import io.iocp4j.relay.config.Settings;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The commands {@code relay service ...}. Only here the relay uses the module io.iocp4j.jna, which may be missing: then
 * this class cannot be linked, see {@link Main}.
 */
final class ServiceCommand {
    static final String NEEDS_WINDOWS = "service needs Windows; on Linux use the unit lib/systemd/relay.service";
    static final String NEEDS_MODULE = "service needs io.iocp4j.jna and JNA on the module path, as relay.cmd has them";

    private static final String NAME_FLAG = "--name";
    private static final String NAME = "relay";
    private static final Pattern NAMES = Pattern.compile("[A-Za-z0-9-]{1,80}");
    private static final Set<String> PATHS = Set.of("FILE", "DIRECTORY");

    private final String action;
    private final String name;
    /** The arguments of serve. */
    private final List<String> rest;
    private final PrintStream out;

    private ServiceCommand(String action, String name, List<String> rest, PrintStream out) {
        this.action = action;
        this.name = name;
        this.rest = rest;
        this.out = out;
    }

    /**
     * Runs a command.
     *
     * @param args behind the word service
     * @param serve begins to serve with settings; throws if it cannot
     * @param stop ends that
     * @throws IllegalArgumentException for a wrong argument
     */
    static int run(List<String> args, PrintStream out, Consumer<List<String>> serve, Runnable stop)
            throws ServiceException, SettingException, IOException {
        String action = args.isEmpty() ? "" : args.getFirst();
        List<String> rest = new ArrayList<>(args.subList(Math.min(1, args.size()), args.size()));
        String name = NAME;
        // run NAME LOG, see Main.serviceLog
        if (action.equals("run") && rest.size() >= 2) {
            name = rest.removeFirst();
            rest.removeFirst();
        } else if (!rest.isEmpty() && rest.getFirst().equals(NAME_FLAG)) {
            rest.removeFirst();
            name = rest.isEmpty() ? "" : rest.removeFirst();
        }
        if (!NAMES.matcher(name).matches()) {
            throw new IllegalArgumentException(NAME_FLAG + " needs letters, digits and hyphens");
        }
        return new ServiceCommand(action, name, rest, out).run(serve, stop);
    }

    private int run(Consumer<List<String>> serve, Runnable stop) throws ServiceException, SettingException,
            IOException {
        if (!rest.isEmpty() && !action.equals("install") && !action.equals("run")) {
            throw new IllegalArgumentException("service " + action + " takes no " + rest.getFirst());
        }
        WindowsService service = WindowsService.of(name);
        switch (action) {
            case "install" -> install(service);
            case "uninstall" -> {
                service.uninstall();
                out.println("the service " + name + " is removed; its log stays in " + directory());
            }
            case "start" -> {
                service.start();
                out.println("the service " + name + " is " + service.state().text());
            }
            case "stop" -> {
                service.stop();
                out.println("the service " + name + " has stopped");
            }
            case "status" -> {
                WindowsService.State state = service.state();
                out.println("the service " + name + " is " + state.text());
                return state.running() ? 0 : 1;
            }
            case "run" -> be(service, serve, stop);
            default -> throw new IllegalArgumentException(
                    "service takes install, uninstall, start, stop, status or run, not \"" + action + "\"");
        }
        return 0;
    }

    private void be(WindowsService service, Consumer<List<String>> serve, Runnable stop) throws ServiceException {
        try {
            service.run(new ServiceProgram() {
                @Override
                public void start() {
                    serve.accept(rest);
                }

                @Override
                public void stop() {
                    stop.run();
                }
            });
        } catch (WindowsService.ServiceFailure e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private Path directory() {
        return Path.of(System.getenv().getOrDefault("ProgramData", "C:\\ProgramData"), name);
    }

    private void install(WindowsService service) throws ServiceException, SettingException, IOException {
        List<String> arguments = absolute(rest, directory());
        // wrong settings are shown now, not in the log of a service that does not start
        Settings settings = Settings.read(Main.SETTINGS, arguments, Map.of(), directory());
        Path log = Files.createDirectories(directory()).resolve("service.log");
        List<String> command = new ArrayList<>(java(directory()));
        command.addAll(List.of("service", "run", name, log.toString()));
        command.addAll(arguments);
        service.install("Relay (" + name + ")", "Live video over WebSocket.", command);
        out.println("the service " + name + " is installed: it starts with Windows, under " + WindowsService.ACCOUNT);
        out.println("  settings  " + String.join(" ", arguments));
        out.println("  log       " + log);
        out.println("  start it  relay service start" + (name.equals(NAME) ? "" : " " + NAME_FLAG + " " + name));
        notes(settings);
    }

    private void notes(Settings settings) {
        int port = settings.get(ServeSettings.PORT);
        if (!isLoopback(settings.get(ServeSettings.HOST))) {
            out.println("  firewall  netsh advfirewall firewall add rule name=\"" + name
                    + "\" dir=in action=allow protocol=TCP localport=" + port);
        }
        System.getenv().keySet().stream()
                .filter(each -> each.startsWith("RELAY_") && !each.startsWith("RELAY_JAVA")).sorted()
                .forEach(each -> out.println("  note      the service does not see " + each + " of your environment"));
        if (Path.of(System.getProperty("java.home")).startsWith(System.getProperty("user.home"))
                || modulePath().contains(System.getProperty("user.home"))) {
            out.println("  note      " + WindowsService.ACCOUNT + " may not read " + System.getProperty("user.home")
                    + "; move the relay and its Java elsewhere, for example to C:\\Program Files\\relay");
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** Makes the files among the arguments absolute, since a service has another working directory. */
    private static List<String> absolute(List<String> args, Path directory) {
        List<String> absolute = new ArrayList<>();
        boolean path = false;
        boolean configured = false;
        boolean tokenNamed = false;
        for (String arg : args) {
            int equals = arg.startsWith("--") ? arg.indexOf('=') : -1;
            String flag = equals < 0 ? arg : arg.substring(0, equals);
            tokenNamed |= flag.equals(AccessSettings.TOKEN_FILE.flag());
            configured |= flag.equals(Settings.CONFIG.flag());
            if (path) {
                absolute.add(Path.of(arg).toAbsolutePath().toString());
            } else if (equals >= 0 && isPath(flag)) {
                absolute.add(flag + "=" + Path.of(arg.substring(equals + 1)).toAbsolutePath());
            } else {
                absolute.add(arg);
            }
            path = !path && equals < 0 && isPath(flag);
        }
        if (!tokenNamed) {
            // the working directory of a service is one of the system's
            absolute.addAll(List.of(AccessSettings.TOKEN_FILE.flag(), directory.resolve("relay-token").toString()));
        }
        Path file = Path.of(Settings.FILE).toAbsolutePath();
        if (!configured && Files.exists(file)) {
            absolute.addAll(List.of(Settings.CONFIG.flag(), file.toString()));
        }
        return absolute;
    }

    private static boolean isPath(String flag) {
        return Main.SETTINGS.stream().filter(setting -> setting.flag().equals(flag)).map(Setting::takes)
                .anyMatch(takes -> PATHS.contains(takes.word()));
    }

    private static String modulePath() {
        return System.getProperty("jdk.module.path", System.getProperty("java.class.path"));
    }

    /** The command that starts this program in the way it was started itself. */
    private static List<String> java(Path directory) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString() + ".exe");
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("-Xm") || option.startsWith("-XX:")).forEach(command::add);
        command.add("-XX:ErrorFile=" + directory.resolve("crash-%p.log"));
        Module module = Main.class.getModule();
        String separator = System.getProperty("path.separator");
        String path = String.join(separator, Pattern.compile(separator, Pattern.LITERAL).splitAsStream(modulePath())
                .map(part -> Path.of(part).toAbsolutePath().toString()).toList());
        if (module.isNamed()) {
            command.addAll(List.of("--enable-native-access=com.sun.jna", "--module-path", path, "--module",
                    module.getName() + "/" + Main.class.getName()));
        } else {
            command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", path, Main.class.getName()));
        }
        return command;
    }
}
