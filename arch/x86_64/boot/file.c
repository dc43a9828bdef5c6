// SPDX-License-Identifier: MIT
/*
 * Files beside the application: the volume that it was loaded from, in its own folder, the path of
 * which is in the loaded image's device path.
 */
#include "loader.h"

#include "hv/str.h"

#define PATH_MAX_CHARS 512

static EFI_FILE_PROTOCOL *volume;
static char home[PATH_MAX_CHARS];	/* "\EFI\BOOT\", with the last separator */

static const EFI_GUID file_system_guid = {
	0x964e5b22, 0x6459, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b }
};
static const EFI_GUID file_info_guid = {
	0x09576e92, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b }
};

#define NODE_END	0x7f
#define NODE_MEDIA	0x04
#define MEDIA_FILE_PATH	0x04

struct node {
	uint8_t type, subtype;
	uint8_t length[2];	/* of the whole node, little endian */
	uint8_t data[];
};

/* Appends a node's path, in UCS-2 and not aligned. Returns false for a name we cannot write. */
static bool append_node(char *path, const struct node *node, size_t length)
{
	size_t used = str_len(path);

	if (used > 0 && path[used - 1] != '\\' && node->data[0] != '\\')
		path[used++] = '\\';
	for (size_t i = 0; i + 2 <= length - sizeof(*node); i += 2) {
		unsigned c = node->data[i] | (unsigned)node->data[i + 1] << 8;

		if (c == 0)
			break;
		if (c < ' ' || c > '~' || used + 2 >= PATH_MAX_CHARS)
			return false;
		path[used++] = (char)c;
	}
	path[used] = '\0';
	return true;
}

/* Fills in home from the device path. Without a usable path it is the volume's root. */
static void find_home(const EFI_DEVICE_PATH *device_path)
{
	const struct node *node = (const void *)device_path;
	const char *slash;

	home[0] = '\0';
	while (node != NULL && node->type != NODE_END) {
		size_t length = node->length[0] | (size_t)node->length[1] << 8;

		if (length < sizeof(*node))
			break;
		if (node->type == NODE_MEDIA && node->subtype == MEDIA_FILE_PATH &&
		    !append_node(home, node, length)) {
			home[0] = '\0';
			break;
		}
		node = (const void *)((const char *)node + length);
	}
	slash = str_find_last_char(home, '\\');
	if (slash == NULL)
		str_copy(home, sizeof(home), "\\");
	else
		home[slash + 1 - home] = '\0';
}

EFI_STATUS file_open_home(EFI_LOADED_IMAGE *loaded)
{
	EFI_FILE_IO_INTERFACE *fs = NULL;
	EFI_GUID guid = file_system_guid;
	EFI_STATUS status = EFI_NOT_FOUND;

	if (loaded->DeviceHandle != NULL)
		status = loader_st->BootServices->HandleProtocol(loaded->DeviceHandle, &guid,
								 (void **)&fs);
	if (status == EFI_SUCCESS)
		status = fs->OpenVolume(fs, &volume);
	if (status != EFI_SUCCESS) {
		volume = NULL;
		say("the device it was started from has no file system");
		return status;
	}
	find_home(loaded->FilePath);
	return EFI_SUCCESS;
}

void file_close_home(void)
{
	if (volume != NULL)
		volume->Close(volume);
	volume = NULL;
}

/* Opens for reading. An absolute name counts from the volume's root. */
static EFI_STATUS open_file(EFI_FILE_PROTOCOL **file, const char *name)
{
	CHAR16 wide[PATH_MAX_CHARS];
	char path[PATH_MAX_CHARS] = "";
	size_t n = 0;

	if (name[0] != '/' && name[0] != '\\')
		str_copy(path, sizeof(path), home);
	if (!str_append(path, sizeof(path), name))
		return EFI_INVALID_PARAMETER;
	do {
		wide[n] = path[n] == '/' ? '\\' : (unsigned char)path[n];
	} while (path[n++] != '\0');
	return volume->Open(volume, file, wide, EFI_FILE_MODE_READ, 0);
}

/* Finds out the size. Refuses folders. */
static EFI_STATUS file_size(EFI_FILE_PROTOCOL *file, uint64_t *size)
{
	union {
		EFI_FILE_INFO info;
		uint8_t room[sizeof(EFI_FILE_INFO) + 2 * PATH_MAX_CHARS];
	} buffer;
	UINTN room = sizeof(buffer);
	EFI_GUID guid = file_info_guid;
	EFI_STATUS status = file->GetInfo(file, &guid, &room, &buffer);

	if (status == EFI_SUCCESS && (buffer.info.Attribute & EFI_FILE_DIRECTORY))
		status = EFI_UNSUPPORTED;
	if (status == EFI_SUCCESS)
		*size = buffer.info.FileSize;
	return status;
}

bool file_exists(const char *name)
{
	EFI_FILE_PROTOCOL *file;
	uint64_t size;
	bool found;

	if (open_file(&file, name) != EFI_SUCCESS)
		return false;
	found = file_size(file, &size) == EFI_SUCCESS;
	file->Close(file);
	return found;
}

static const char *reason_of(EFI_STATUS status)
{
	switch (status) {
	case EFI_NOT_FOUND: return "no such file";
	case EFI_UNSUPPORTED: return "is a folder, not a file";
	case EFI_ACCESS_DENIED: return "may not be read";
	case EFI_DEVICE_ERROR: return "the disk cannot be read";
	case EFI_VOLUME_CORRUPTED: return "the file system is damaged";
	case EFI_NO_MEDIA: return "there is no disk in the drive";
	case EFI_END_OF_FILE: return "is shorter than the file system says";
	case EFI_INVALID_PARAMETER: return "its name is too long";
	default: return "cannot be read";
	}
}

/* Reads it all; a short read is one that ends early. */
static EFI_STATUS read_all(EFI_FILE_PROTOCOL *in, struct file *file)
{
	size_t done = 0;

	while (done < file->size) {
		UINTN n = file->size - done;
		EFI_STATUS status = in->Read(in, &n, (char *)file_data(file) + done);

		if (status != EFI_SUCCESS)
			return status;
		if (n == 0)
			return EFI_END_OF_FILE;
		done += n;
	}
	return EFI_SUCCESS;
}

EFI_STATUS file_read(struct file *file, const char *name)
{
	EFI_FILE_PROTOCOL *in;
	EFI_STATUS status;
	uint64_t size = 0;

	*file = (struct file){ { 0, 0 }, 0 };
	status = open_file(&in, name);
	if (status != EFI_SUCCESS) {
		say("%s: %s", name, reason_of(status));
		return status;
	}
	status = file_size(in, &size);
	if (status == EFI_SUCCESS && size > 0) {
		file->size = size;
		status = memory_alloc(&file->pages, size, EFI_PAGE, name);
		if (status != EFI_SUCCESS)
			goto close;	/* memory_alloc() has said it */
		status = read_all(in, file);
	}
	if (status != EFI_SUCCESS) {
		memory_free(&file->pages);
		say("%s: %s", name, reason_of(status));
	}
close:
	in->Close(in);
	return status;
}
