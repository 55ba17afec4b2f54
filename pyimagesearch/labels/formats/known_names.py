"""Names by which label files call their columns and keys, and words for "no label".

All names are in the form of `simplify`: small letters and digits.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The likeliest names of the column with the paths of the photos come first.
PATHS = _words(
    """
    path filepath imagepath filename filenames imagefilename imagefile file image imagename img
    imgname imgpath imagefilepath photo photos picture pic images files sourcefile imageindex
    imageuri imagegcsuri gcsuri sourceref externalid url imageurl uri photourl fname name imageid
    imgid photoid fileid id uuid key stem
    """
)
# Columns with the folders of the paths, if these are apart from the names.
FOLDERS = _set(
    """
    path folder dir directory dirname subfolder subdir filepath imagefolder imagedir imagepath root
    foldername
    """
)
# Columns of labels, the likeliest first; also with a number: label_2.
LISTS = _words(
    """
    labels tags label tag classes categories genres genre findinglabels keywords labelname
    labelnames classname classnames attributeids attributes hashtags choices choice annotations
    objects accept classifications classificationannotations detections boxes
    boundingboxannotations regionattributes regions shapes displayname tagnames flags diagnoses
    findings
    """
)
# Names that are often those of labels, but also of other things next to columns of marks.
WEAK_LISTS = _words(
    """
    class category cats cat target targets subject subjects keyword species groundtruth text suffix
    """
)
# Names in the plural: a cell holds several labels, so that a space separates them.
PLURALS = _set(
    """
    labels tags classes categories genres keywords labelnames attributeids attributes hashtags
    choices findinglabels subjects cats targets tagnames classnames flags findings diagnoses
    """
)
# How sure a row is of its one label: 0 means that the photo does not have it.
CONFIDENCES = _words("confidence score probability prob presence present value")
SPLITS = _set(
    """
    split splits set subset partition usage phase datasplit mluse dataset imageset datasettype
    trainvaltest mode
    """
)
SPLIT_MARKS = _set("isvalid isval isvalidation istest istesting istrain istraining")
# What Label Studio adds to the answers in its CSV and JSON-MIN, and questions for free text.
LABEL_STUDIO = _set(
    """
    annotationid annotator createdat updatedat leadtime id agreement note notes comment comments
    remark remarks
    """
)
# Columns that say something else than a label, even if they hold 0 and 1 or words.
OTHER = _set(
    """
    fold folds kfold foldid cvfold weight sampleweight index row rownumber number no nr unnamed0
    level0 id annotationid taskid annotator annotatorid completedby user username worker workerid
    author source url license licence copyright createdat updatedat leadtime date time timestamp
    datetime year month day width height imagewidth imageheight depth channels size filesize format
    x y w h x1 x2 y1 y2 xmin xmax ymin ymax x0 y0 left right top bottom cx cy xcenter ycenter area
    bbox box bboxes segmentation polygon points mask rle iscrowd boundingbox isoccluded istruncated
    isgroupof isdepiction isinside truncated occluded difficult pose confidence score probability
    prob age labelid classid categoryid regionid regioncount regionshapeattributes
    followup patientid patientage patientgender viewposition lat lon lng latitude longitude md5
    sha1 sha256 hash phash comment comments note notes title orientation rotation ext error
    isvalidated isverified isreviewed reviewed verified isduplicate thumbnail thumbnailurl
    originalimagewidth originalimageheight newcombination numlabels nlabels labelcount count
    isflagged flagged skip skipped
    """
)
# Keys under which annotation tools write the name of a label; the first that is there holds.
LABEL_KEYS = _words(
    """
    label labelname class classname classtitle category categoryname tag tagname displayname choice
    keyword name
    """
)
# Keys under which they write several, or the parts of a picture that have labels.
LABELS_KEYS = _set(
    """
    labels tags classes categories choices taxonomy keywords labelnames tagnames
    rectanglelabels polygonlabels brushlabels keypointlabels ellipselabels vectorlabels
    bitmasklabels answer answers radioanswer checklistanswers regionattributes flags
    classifications detections annotations objects shapes regions classificationannotations
    boundingboxannotations boundingboxes polylines
    """
)
# Outlines and boxes of a part of a picture: most of the bytes of a file, and not needed.
SHAPE_KEYS = _set(
    """
    segmentation bbox points keypoints coordinates polygon rle mask imagedata shapeattributes
    boundingbox geometry bitmap counts
    """
)
# What people and programs write for "no label", in small letters.
NO_LABEL = _set("""nan none null nil <na> n/a #n/a [] {} () set() - '' "" _none""")
NO_LABEL |= {"", "no finding", "no findings", "no label", "no labels"}
