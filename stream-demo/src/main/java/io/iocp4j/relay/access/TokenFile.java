package io.iocp4j.relay.access;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The file with the token of the operator, which the first start makes. Only its owner may read it.
 *
 * @param file where it is
 * @param token 32 hexadecimal digits, or what the operator wrote there
 * @param created whether it was made just now
 */
public record TokenFile(Path file, String token, boolean created) {
    /** The name of the token in rules. */
    public static final String NAME = "operator";
    private static final int TOKEN_BYTES = 16;

    /** Reads the file, or makes it. */
    static TokenFile open(Path file) throws IOException {
        if (Files.exists(file)) {
            String token = Files.readString(file).strip();
            if (token.length() < NamedSecret.LENGTH_MIN) {
                throw new IOException("the token in " + file + " is shorter than " + NamedSecret.LENGTH_MIN
                        + " characters; delete the file to get a new one");
            }
            requirePrivate(file);
            return new TokenFile(file, token, false);
        }
        String token = random(new SecureRandom());
        // a file of its own that is moved into place: a crash leaves no half of a token
        Path made = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID());
        Files.createFile(made, ownerOnly(file.toAbsolutePath().getParent()));
        Files.writeString(made, token + System.lineSeparator(), StandardOpenOption.WRITE);
        Files.move(made, file);
        return new TokenFile(file, token, true);
    }

    /** Returns a new token. */
    static String random(SecureRandom random) {
        byte[] bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static void requirePrivate(Path file) throws IOException {
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            Set<PosixFilePermission> permissions = EnumSet.copyOf(Files.getPosixFilePermissions(file));
            permissions.retainAll(PosixFilePermissions.fromString("---rwxrwx"));
            if (!permissions.isEmpty()) {
                throw new IOException("others may read the token in " + file + ": use chmod 600");
            }
        }
    }

    private static FileAttribute<?> ownerOnly(Path directory) throws IOException {
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        }
        UserPrincipal owner = directory.getFileSystem().getUserPrincipalLookupService()
                .lookupPrincipalByName(System.getProperty("user.name"));
        List<AclEntry> acl = List.of(AclEntry.newBuilder().setType(AclEntryType.ALLOW).setPrincipal(owner)
                .setPermissions(EnumSet.allOf(AclEntryPermission.class)).build());
        return new FileAttribute<List<AclEntry>>() {
            @Override
            public String name() {
                return "acl:acl";
            }

            @Override
            public List<AclEntry> value() {
                return acl;
            }
        };
    }

    /** Returns the place only. */
    @Override
    public String toString() {
        return file.toString();
    }
}
