package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The classes of the module")
class ModuleClassesTest {
    @Test
    @DisplayName("are loaded early in every package, exported or not")
    void everyPackage() throws IOException, URISyntaxException {
        Path root = Path.of(ModuleClasses.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Set<String> packages;
        try (Stream<Path> files = Files.walk(root.resolve("io"))) {
            packages = files.filter(file -> file.toString().endsWith(".class"))
                    .map(file -> root.relativize(file.getParent()).toString().replace('\\', '.').replace('/', '.'))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
        assertEquals(packages, ModuleClasses.MEMBERS.stream().map(Class::getPackageName)
                .collect(Collectors.toCollection(TreeSet::new)));
    }
}
